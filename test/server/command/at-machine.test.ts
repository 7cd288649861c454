import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import type { ActualIsolation } from '#shared/domain/endpoint.ts'
import type { AtMachine } from '#shared/domain/release-code.ts'
import type { ResultRecord } from '#shared/protocol/record.ts'
import { keepResults, requestCommands } from '../../../server/command/command.ts'
import { changeOrganisation } from '../../../server/people/organisations.ts'
import { sentence } from '../../../server/ticket/sentences.ts'
import { type DeskRoom, openDeskRoom } from '../../support/desk-room.ts'

let room: DeskRoom
let ticketId: string
let commandId: string
beforeAll(async () => {
  room = await openDeskRoom()
  await room.signals({ kind: 'health.disk.full', endpointId: 'srv', facts: { usedRatio: 0.99, freeBytes: 1, totalBytes: 100 } })
  ticketId = (await room.store.db.selectFrom('tickets').select('id').executeTakeFirstOrThrow()).id
})
afterAll(() => room.close())
beforeEach(async () => {
  commandId = await isolate()
  await said('isolated')
})

async function isolate(): Promise<string> {
  const id = randomUUID()
  const about = { organisationId: 'acme', endpointId: 'srv', ticketId, requestedBy: 'p', reason: 'r' }
  const { db, capabilities } = room.store
  await room.time.advance(10)
  await db
    .transaction()
    .execute((tx) => requestCommands(tx, capabilities.putRows, [{ ...about, id, verb: 'isolate-host' }], room.time.now()))
  return id
}

async function said(
  actual: ActualIsolation,
  atMachine?: AtMachine,
  of = commandId,
  endpointId = 'srv',
  outcome: ResultRecord['outcome'] = 'succeeded',
): Promise<void> {
  await room.time.advance(10)
  const now = room.time.now()
  const isolation = { actual, readiness: { isReady: true }, since: now, commandId: of, number: 4, proof: { rules: 'seen' } }
  const about = { v: 1, type: 'result', commandId: of, verb: 'isolate-host', outcome, startedAt: now } as const
  const result = { ...about, finishedAt: now, detail: '', isolation, ...(atMachine && { atMachine }) }
  await room.store.db.transaction().execute((tx) => keepResults(tx, [{ endpointId, result }], now))
  room.pipeline.nudge(false)
  await room.pipeline.idle()
}
const isolation = () => room.store.db.selectFrom('isolations').selectAll().where('endpoint_id', '=', 'srv').executeTakeFirstOrThrow()
const lines = async () => {
  const rows = await room.store.db.selectFrom('timeline').selectAll().where('kind', '=', 'at-machine').orderBy('at').orderBy('id').execute()
  return rows.map(({ kind, body }) => sentence({ kind, body: JSON.parse(body) as Record<string, unknown> }))
}
const audited = () => room.store.db.selectFrom('audit').select('action').where('action', '=', 'endpoint.opened-there').execute()

it('nobody wants isolated any more what was opened by a code; ticket and audit have it, and the number is known', async () => {
  expect(await isolation()).toMatchObject({ desired: 'isolated', actual: 'isolated', number: 4 })
  await said('isolated', { event: 'code-wrong', number: 4, wrong: 1 })
  expect(await isolation()).toMatchObject({ desired: 'isolated' })
  await said('open', { event: 'code-right', number: 4 })
  expect(await isolation()).toMatchObject({ desired: 'open', desired_by: 'agent', actual: 'open' })
  expect((await lines()).slice(-2)).toEqual([
    'A wrong release code was typed at the machine (isolation 4): 1 within the hour.',
    'Somebody at the machine ended the isolation by its release code (isolation 4).',
  ])
  expect(await audited()).toHaveLength(1)
})

it('what was never closed was opened by nobody, and stays wanted', async () => {
  const before = await lines()
  await said('open', undefined, await isolate(), 'srv', 'refused')
  expect(await isolation()).toMatchObject({ desired: 'isolated', actual: 'open' })
  expect(await lines()).toEqual(before)
})

it('a person who was told late of an isolation makes no machine look isolated that was released since', async () => {
  await said('open')
  await said('isolated', { event: 'told', number: 4, reached: ['motd'], missed: [] })
  expect(await isolation()).toMatchObject({ actual: 'open' })
})

it('what opens by itself is said as such', async () => {
  await said('open')
  expect(await isolation()).toMatchObject({ desired: 'open', actual: 'open' })
  expect((await lines()).at(-1)).toBe('The machine is open again by itself, as its policy says.')
})

it('an isolation that was asked for later stays wanted, and no other machine opens this one', async () => {
  await said('open', { event: 'code-right', number: 4 }, commandId, 'ws')
  expect(await isolation()).toMatchObject({ desired: 'isolated' })
  await isolate()
  await said('open', { event: 'code-right', number: 4 })
  expect(await isolation()).toMatchObject({ desired: 'isolated', actual: 'open' })
})

it('the order names whom the person at the machine calls, in their language', async () => {
  await changeOrganisation(room.store.db, 'acme', { callWhom: ['Service desk 030 1234567'], language: 'de' }, room.time.now())
  const id = await isolate()
  const { args } = await room.store.db.selectFrom('commands').select('args').where('id', '=', id).executeTakeFirstOrThrow()
  expect(JSON.parse(args)).toEqual({ ticketId, callWhom: ['Service desk 030 1234567'], language: 'de' })
})
