import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TicketDetail } from '#shared/api/tickets.ts'
import type { Role } from '#shared/domain/endpoint.ts'
import { addPerson } from './persons.ts'
import { startConsole, type TestConsole } from './start-console.ts'
import { signedIn, type Visitor } from './visitor.ts'
import { addOrganisation, type Belongings } from './world.ts'

/* The table of powers (defaults §9), its rows about isolation: what the shipped matrix lets each team do, and that nothing else is let. */

const roles = ['workstation', 'server', 'core'] as const
const teams = ['tier1', 'tier2', 'tier3', 'security', 'customer-it'] as const
type Team = (typeof teams)[number]

let console_: TestConsole
let alpha: Belongings
const visitors = new Map<Team, Visitor>()

beforeAll(async () => {
  console_ = await startConsole()
  alpha = await addOrganisation(console_, 'alpha')
  for (const team of teams) {
    const organisationId = team === 'customer-it' ? alpha.organisation : null
    await addPerson(console_, { login: `of-${team}`, teams: [team], isAdmin: false, organisationId })
    visitors.set(team, await signedIn(console_.url, `of-${team}`))
  }
})
afterAll(() => console_[Symbol.asyncDispose]())

const ask = (team: Team, method: 'GET' | 'POST', path: string, body?: unknown) => {
  const visitor = visitors.get(team)
  if (!visitor) throw new Error(`nobody of ${team} is signed in`)
  return visitor.ask(method, path, body)
}
async function machineIs(role: Role, asks: boolean): Promise<void> {
  const { db } = console_.store
  const confirmed_role = role === 'unknown' ? null : role
  await db.updateTable('endpoints').set({ confirmed_role }).where('id', '=', alpha.endpoint).execute()
  await db
    .updateTable('tickets')
    .set({ containment: asks ? 'asked' : 'none' })
    .where('id', '=', alpha.ticket)
    .execute()
}
/** On which machines this team is let do it to their ticket. */
async function lets(team: Team, verb: 'isolate' | 'release' | 'leave' | 'security', asks: boolean): Promise<Role[]> {
  const let_: Role[] = []
  for (const role of [...roles, 'unknown'] as const) {
    await machineIs(role, asks)
    const { may } = TicketDetail.parse((await ask(team, 'GET', `/api/tickets/${alpha.ticket}`)).body)
    const refused = await ask(team, 'POST', `/api/tickets/${alpha.ticket}/${verb}`, { version: -1, reason: 'trying' })
    expect([team, verb, role, refused.status]).toEqual([team, verb, role, may.includes(verb) ? 409 : 403])
    if (may.includes(verb)) let_.push(role)
  }
  return let_
}
const every: Role[] = [...roles, 'unknown']
const wants = (answers_own_core: 0 | 1) =>
  console_.store.db.updateTable('organisations').set({ answers_own_core }).where('id', '=', alpha.organisation).execute()

describe('the table of powers', () => {
  it.each([
    ['tier1', []],
    ['tier2', []],
    ['tier3', every],
    ['security', every],
    ['customer-it', []],
  ] as [Team, Role[]][])('%s isolates, and releases alone, unasked: %j', async (team, expected) => {
    expect(await lets(team, 'isolate', false)).toEqual(expected)
    if (team !== 'customer-it') expect(await lets(team, 'release', false)).toEqual(expected)
  })

  it.each([
    ['tier1', []],
    ['tier2', ['workstation']],
    ['tier3', every],
    ['security', every],
    ['customer-it', []],
  ] as [Team, Role[]][])('%s answers a question, yes or no: %j', async (team, expected) => {
    expect(await lets(team, 'leave', true)).toEqual(expected)
    expect(await lets(team, 'isolate', true)).toEqual(expected)
  })

  it('a customer’s own IT answers for its own core, if its organisation wants it, and only while people are asked', async () => {
    await wants(1)
    expect(await lets('customer-it', 'leave', true)).toEqual(['core'])
    expect(await lets('customer-it', 'isolate', true)).toEqual(['core'])
    expect(await lets('customer-it', 'isolate', false)).toEqual([])
    await wants(0)
    expect(await lets('customer-it', 'leave', true)).toEqual([])
  })

  it('everybody who works on tickets may call security, and nobody of them presses the stop button without the power to answer', async () => {
    for (const team of teams) expect(await lets(team, 'security', false)).toEqual(every)
    const press = async (team: Team) => (await ask(team, 'POST', '/api/containment/stop', { organisationId: alpha.organisation })).status
    await wants(1)
    expect(await Promise.all(teams.map(press))).toEqual([403, 403, 200, 200, 403])
    await wants(0)
  })

  it('machines are isolated and released from their own pages by the same teams', async () => {
    await machineIs('workstation', false)
    for (const verb of ['isolate', 'release']) {
      const statuses = await Promise.all(
        teams.map(async (team) => (await ask(team, 'POST', `/api/endpoints/${alpha.endpoint}/${verb}`, { reason: 'trying' })).status),
      )
      expect(statuses.map((status) => status === 403)).toEqual([true, true, false, false, true])
    }
  })
})
