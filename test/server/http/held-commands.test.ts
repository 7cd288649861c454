import { afterAll, beforeAll, expect, it } from 'vitest'
import { minutes } from '#shared/domain/time.ts'
import { addPerson } from './persons.ts'
import { startConsole, type TestConsole } from './start-console.ts'
import { signedIn, type Visitor } from './visitor.ts'
import { addOrganisation, type Belongings } from './world.ts'

let console_: TestConsole
let own: Belongings
let responder: Visitor
let tier1: Visitor

beforeAll(async () => {
  console_ = await startConsole()
  own = await addOrganisation(console_, 'alpha')
  await addPerson(console_, { login: 'responder', teams: ['security'], isAdmin: false })
  await addPerson(console_, { login: 'tier1', teams: ['tier1'], isAdmin: false })
  responder = await signedIn(console_.url, 'responder')
  tier1 = await signedIn(console_.url, 'tier1')
})
afterAll(() => console_[Symbol.asyncDispose]())

const statuses = async () =>
  (await console_.store.db.selectFrom('commands').select('status').orderBy('requested_at').orderBy('id').execute()).map(
    ({ status }) => status,
  )

it('a held command stands on its ticket and on its machine’s page', async () => {
  const ticket = await responder.ask('GET', `/api/tickets/${own.ticket}`)
  expect(ticket.body.heldCommands).toEqual([
    { id: own.command, verb: 'isolate-host', requestedBy: 'Tierline', reason: 'alpha reason', requestedAt: console_.time.now() },
  ])
  const endpoint = await responder.ask('GET', `/api/endpoints/${own.endpoint}`)
  expect(endpoint.body.commands).toMatchObject([{ id: own.command, status: 'held' }])
})

it('is decided by whoever may isolate, once', async () => {
  expect((await tier1.ask('POST', `/api/commands/${own.command}/send`)).body.code).toBe('power-missing')
  expect(await responder.ask('POST', `/api/commands/${own.command}/send`)).toMatchObject({ status: 204 })
  expect(await statuses()).toEqual(['dropped', 'requested'])
  const again = await responder.ask('POST', `/api/commands/${own.command}/drop`)
  expect([again.status, again.body.code]).toEqual([409, 'refused'])
  expect((await responder.ask('GET', `/api/tickets/${own.ticket}`)).body.heldCommands).toEqual([])
  const audit = await console_.store.db.selectFrom('audit').select(['action', 'target']).where('action', 'like', 'command.%').execute()
  expect(audit).toEqual([{ action: 'command.send', target: `command:${own.command}` }])
})

it('goes out with what it was asked with, and at high risk only for somebody who has just signed in', async () => {
  const { db } = console_.store
  const known = await db.selectFrom('commands').selectAll().where('id', '=', own.command).executeTakeFirstOrThrow()
  const args = JSON.stringify({ unit: 'postgresql.service' })
  const held = { ...known, verb: 'restart-service', args, status: 'held', settled_at: null } as const
  await db
    .insertInto('commands')
    .values([
      { ...held, id: 'held-1' },
      { ...held, id: 'held-2', ticket_id: null },
      { ...held, id: 'held-3', verb: 'restore-file', risk: 'high' },
    ])
    .execute()
  for (const id of ['held-1', 'held-2']) expect(await responder.ask('POST', `/api/commands/${id}/send`)).toMatchObject({ status: 204 })
  const sent = await db
    .selectFrom('commands')
    .select('args')
    .where('verb', '=', 'restart-service')
    .where('status', '=', 'requested')
    .execute()
  expect(sent).toEqual([{ args }, { args }])
  console_.time.jump(minutes(16))
  expect((await responder.ask('POST', '/api/commands/held-3/send')).body.code).toBe('sign-in-again')
  expect(await responder.ask('POST', '/api/commands/held-3/drop')).toMatchObject({ status: 204 })
})
