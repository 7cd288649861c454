import { afterAll, beforeAll, expect, it } from 'vitest'
import { addPerson } from './persons.ts'
import { startConsole, type TestConsole } from './start-console.ts'
import { signedIn, type Visitor } from './visitor.ts'
import { addOrganisation, type Belongings } from './world.ts'

/* What was asked of a machine before somebody said that it is core is looked at again before it goes out. */
let console_: TestConsole
let own: Belongings
let ada: Visitor
beforeAll(async () => {
  console_ = await startConsole()
  own = await addOrganisation(console_, 'own')
  await addPerson(console_, { login: 'ada' })
  ada = await signedIn(console_.url, 'ada')
})
afterAll(() => console_[Symbol.asyncDispose]())

const held = async (): Promise<string[]> => {
  const rows = console_.store.db.selectFrom('commands').select('id').where('status', '=', 'held').where('id', 'like', 'asked-%')
  return (await rows.orderBy('id').execute()).map(({ id }) => id)
}

it.each([
  ['a role', { role: 'core' }],
  ['a tag that means core', { tags: ['payroll'] }],
])('by %s: what is risky on it waits for a person; what protects or only looks goes on', async (_what, change) => {
  const { db } = console_.store
  const known = await db.selectFrom('commands').selectAll().where('id', '=', own.command).executeTakeFirstOrThrow()
  await db.deleteFrom('commands').where('id', 'like', 'asked-%').execute()
  const asked = { ...known, status: 'queued', jws: 'a.b.c', ticket_id: own.ticket } as const
  await db
    .insertInto('commands')
    .values([
      { ...asked, id: 'asked-1', verb: 'isolate-host', requested_by: 'system' },
      { ...asked, id: 'asked-2', verb: 'reboot', requested_by: own.person },
      { ...asked, id: 'asked-3', verb: 'isolate-host', requested_by: own.person },
      { ...asked, id: 'asked-4', verb: 'release-host', requested_by: own.person },
      { ...asked, id: 'asked-6', verb: 'restart-service', requested_by: own.person },
      { ...asked, id: 'asked-5', verb: 'reboot', requested_by: own.person, status: 'sent', sent_at: 1 },
    ])
    .execute()
  const bulk = await db.selectFrom('bulks').selectAll().where('id', '=', own.bulk).executeTakeFirstOrThrow()
  await db.deleteFrom('bulks').where('id', '=', 'later').execute()
  await db.deleteFrom('bulk_targets').where('bulk_id', '=', 'later').execute()
  await db.deleteFrom('commands').where('bulk_id', '=', 'later').execute()
  await db
    .insertInto('bulks')
    .values({ ...bulk, id: 'later', verb: 'reboot', args: '{}', status: 'running', settled_at: null, stage: 0 })
    .execute()
  await db.insertInto('bulk_targets').values({ bulk_id: 'later', place: 0, endpoint_id: own.endpoint }).execute()
  expect((await ada.ask('PATCH', `/api/endpoints/${own.endpoint}`, { role: 'server', tags: [] })).status).toBe(200)
  expect(await held()).toEqual([])
  expect((await ada.ask('PATCH', `/api/endpoints/${own.endpoint}`, change)).status).toBe(200)
  expect(await held()).toEqual(['asked-1', 'asked-2'])
  const { body } = await ada.ask('GET', `/api/tickets/${own.ticket}`)
  expect(JSON.stringify(body.timeline)).toContain('somebody has said that this machine is core')
  const left = await db.selectFrom('commands').select(['status', 'result']).where('bulk_id', '=', 'later').execute()
  expect(left).toMatchObject([{ status: 'dropped', result: expect.stringContaining('core') }])
  const { status } = await ada.ask('POST', '/api/commands/asked-2/send')
  expect(status).toBe(204)
})
