import { afterAll, beforeAll, expect, it } from 'vitest'
import { SigmaRuleList } from '#shared/api/sigma-rules.ts'
import { addPerson } from './persons.ts'
import { startConsole, type TestConsole } from './start-console.ts'
import { signedIn, type Visitor } from './visitor.ts'
import { addOrganisation } from './world.ts'

let console_: TestConsole
let admin: Visitor

const row = (rule: string, is_armed: 0 | 1, why: Record<string, unknown>) => ({
  ...{ rule, digest: 'd'.repeat(32), kind: `security.sigma.${rule}`, title: `Title of ${rule}`, severity: 'high' as const, status: 'test' },
  ...{ first_seen_at: 1, last_day: 2, is_armed, changed_at: 5, why: JSON.stringify(why) },
})
const numbers = { days: 7, endpoints: 50, ofEndpoints: 60, endpointDays: 350, hits: 0, falseAlarms: 0 }

beforeAll(async () => {
  console_ = await startConsole({})
  const rows = [row('new_1', 0, { reason: 'days' }), row('earned', 1, { reason: 'record', ...numbers, falseAlarmsLately: 0 })]
  await console_.store.db.insertInto('watched_rules').values(rows).execute()
  await addPerson(console_, { login: 'ada', name: 'Ada' })
  admin = await signedIn(console_.url, 'ada')
})
afterAll(() => console_[Symbol.asyncDispose]())

const found = async (query = '') => SigmaRuleList.parse((await admin.ask('GET', `/api/sigma-rules${query}`)).body)

it('are listed, armed ones first, with what they have earned or lack, and what is needed', async () => {
  const { rules, isCut, needs } = await found()
  expect({ isCut, needs }).toEqual({ isCut: false, needs: { days: 7, endpoints: 50, endpointDaysPerHit: 500 } })
  expect(rules[0]).toMatchObject({ rule: 'earned', isArmed: true, reason: 'record', since: 5, ...numbers })
  expect(rules[1]).toMatchObject({ rule: 'new_1', isArmed: false, reason: 'days', days: 0, endpoints: 0, hits: 0 })
})

it('are found by whether they are armed, and by a part of title or id', async () => {
  const names = async (query: string) => (await found(query)).rules.map(({ rule }) => rule)
  expect(await names('?armed=yes')).toEqual(['earned'])
  expect(await names('?armed=no')).toEqual(['new_1'])
  expect(await names('?search=OF%20EARN')).toEqual(['earned'])
  expect(await names('?search=new_')).toEqual(['new_1'])
  expect(await names('?search=n%25d')).toEqual([])
})

it('are the provider’s', async () => {
  const { organisation } = await addOrganisation(console_, 'customer')
  await addPerson(console_, { login: 'carl', name: 'Carl', organisationId: organisation })
  expect((await (await signedIn(console_.url, 'carl')).ask('GET', '/api/sigma-rules')).status).toBe(403)
})
