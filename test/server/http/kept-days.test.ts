import { pino } from 'pino'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { days, type Time } from '#shared/domain/time.ts'
import { createAudit } from '../../../server/audit/audit.ts'
import { endAllOld } from '../../../server/desk/retention.ts'
import { createTurns } from '../../../server/pipeline/turns.ts'
import { addPerson } from './persons.ts'
import { startConsole, type TestConsole } from './start-console.ts'
import { signedIn, type Visitor } from './visitor.ts'
import { addOrganisation, type Belongings } from './world.ts'

let console_: TestConsole
let alpha: Belongings
let beta: Belongings
let admin: Visitor

beforeAll(async () => {
  console_ = await startConsole()
  alpha = await addOrganisation(console_, 'alpha')
  beta = await addOrganisation(console_, 'beta')
  await addPerson(console_, { login: 'ada' })
  admin = await signedIn(console_.url, 'ada')
})
afterAll(() => console_[Symbol.asyncDispose]())

const keep = (keptDays: unknown) => admin.ask('PATCH', `/api/organisations/${alpha.organisation}`, { keptDays })

it('is 400 days, and another number where an admin of the provider says so; what makes no sense is refused in a sentence', async () => {
  expect((await admin.ask('GET', '/api/organisations')).body).toMatchObject({ organisations: [{ keptDays: 400 }, { keptDays: 400 }] })
  for (const nonsense of [29, 0, -400, 3_651, 30.5, '400', null]) {
    const { status, body } = await keep(nonsense)
    expect([status, JSON.stringify(body)], String(nonsense)).toEqual([400, expect.stringMatching(/keptDays.*(30 to 3650|expected number)/)])
  }
  const own = await signedIn(console_.url, 'alpha-admin')
  expect((await own.ask('PATCH', `/api/organisations/${alpha.organisation}`, { keptDays: 30 })).status).toBe(403)
  expect((await keep(30)).body).toMatchObject({ keptDays: 30 })
})

it('a ticket that has ended is not there any more, and another organisation’s is', async () => {
  const { db } = console_.store
  await db.updateTable('commands').set({ status: 'failed', settled_at: 1 }).execute()
  await db.updateTable('noise_exceptions').set({ ended_at: 1 }).execute()
  await db.updateTable('tickets').set({ status: 'resolved', resolved_at: console_.time.now() }).execute()
  const time: Time = {
    now: () => console_.time.now() + days(31),
    monotonic: () => 0,
    after: (_, run) => {
      const soon = setImmediate(run)
      return () => clearImmediate(soon)
    },
  }
  const needs = { store: console_.store, time, log: pino({ level: 'silent' }), audit: createAudit({ time }), turns: createTurns(db) }
  await endAllOld(needs, new AbortController().signal)
  const ended = await admin.ask('GET', `/api/tickets/${alpha.ticket}`)
  expect([ended.status, ended.body.detail]).toEqual([404, expect.stringMatching(/^[^.]+\.$/)])
  expect((await admin.ask('GET', `/api/tickets/${beta.ticket}`)).status).toBe(200)
  expect((await admin.ask('GET', '/api/tickets?status=all')).status).toBeLessThan(500)
  expect((await admin.ask('GET', `/api/endpoints/${alpha.endpoint}`)).status).toBe(200)
})
