import { afterEach, beforeEach, expect, it } from 'vitest'
import type { ActualIsolation } from '#shared/domain/endpoint.ts'
import type { ResultRecord } from '#shared/protocol/record.ts'
import { keepResults } from '../../../server/command/command.ts'
import { sentence } from '../../../server/ticket/sentences.ts'
import { type DeskRoom, openDeskRoom } from '../../support/desk-room.ts'

let room: DeskRoom
beforeEach(async () => {
  room = await openDeskRoom()
  await room.signals({
    ...({ endpointId: 'ws', kind: 'security.ransomware.canary', severity: 'critical', state: 'happened' } as const),
    facts: { change: 'unreadable' },
  })
})
afterEach(() => room.close())

const proof = { ruleset: 'table inet tierline { }', witness: 'udp 10.0.0.1:9', witnessAfter: 'forbidden after 1 ms', provedAt: 5 }

/** The answer to the order, or, with no beginning, what changed by itself since. */
async function said(actual: ActualIsolation, outcome: ResultRecord['outcome'], isLater = false): Promise<void> {
  await room.time.advance(10)
  const now = room.time.now()
  const { id } = await room.store.db.selectFrom('commands').select('id').where('verb', '=', 'isolate-host').executeTakeFirstOrThrow()
  const isolation = { actual, readiness: { isReady: true }, since: now, commandId: id, number: 1, proof }
  const about = { v: 1, type: 'result', commandId: id, verb: 'isolate-host', outcome, startedAt: isLater ? null : now } as const
  const result = { ...about, finishedAt: now, detail: `the isolation changed by itself: ${actual}`, isolation }
  await room.store.db.transaction().execute((tx) => keepResults(tx, [{ endpointId: 'ws', result }], now))
  room.pipeline.nudge(false)
  await room.pipeline.idle()
}
const lines = async (kind: 'isolation-changed' | 'command-settled') => {
  const rows = await room.store.db.selectFrom('timeline').select('body').where('kind', '=', kind).orderBy('at').orderBy('id').execute()
  return rows.map(({ body }) => JSON.parse(body) as Record<string, unknown>)
}
const restoreTasks = () => room.store.db.selectFrom('tickets').select('status').where('task', '=', 'restore').execute()

it('an isolation stands on its ticket with its proof: ruleset, probes, answers, instants', async () => {
  await said('isolated', 'succeeded')
  expect(await lines('command-settled')).toMatchObject([{ verb: 'isolate-host', outcome: 'succeeded', proof }])
  expect(await lines('isolation-changed')).toEqual([])
})

it('one that is proven only later says so on its ticket, and opens the task to restore then, once', async () => {
  await said('unproven', 'failed')
  expect(await restoreTasks()).toEqual([])
  await said('isolated', 'succeeded', true)
  expect(await lines('isolation-changed')).toMatchObject([{ actual: 'isolated', proof }])
  expect(await restoreTasks()).toHaveLength(1)
  await said('drifted', 'succeeded', true)
  await said('isolated', 'succeeded', true)
  const changed = await lines('isolation-changed')
  expect(changed.map((body) => sentence({ kind: 'isolation-changed', body }).split('.')[0])).toEqual([
    'By its own word the machine is cut off, and that is proven by now',
    'By its own word the machine is no longer cut off as it was: somebody changed its rules by now',
    'By its own word the machine is cut off, and that is proven by now',
  ])
  expect(await restoreTasks()).toHaveLength(1)
})

it('is told to the customer’s named contacts when it is proven at last, and not before', async () => {
  const contact = { name: 'The boss', notifier: 'webhook', settings: { url: 'http://127.0.0.1:9/' }, audience: 'contact' as const }
  await room.receivers.create({ ...contact, organisationId: 'acme', personId: null, team: null })
  const told = async () => {
    const rows = await room.store.db.selectFrom('outbox').select(['event', 'body']).where('event', '=', 'ticket.command-settled').execute()
    return rows.map(({ body }) => (JSON.parse(body) as { entry: { body: unknown } }).entry.body)
  }
  await said('unproven', 'failed')
  expect(await told()).toEqual([])
  await said('isolated', 'succeeded', true)
  expect(await told()).toMatchObject([{ verb: 'isolate-host', outcome: 'succeeded' }])
})

it('one that drifted and is repaired opens no second task once it was restored', async () => {
  await said('isolated', 'succeeded')
  await room.store.db.updateTable('tickets').set({ status: 'resolved', resolution: 'fixed' }).where('task', '=', 'restore').execute()
  await said('drifted', 'succeeded', true)
  await said('isolated', 'succeeded', true)
  expect([await restoreTasks(), (await lines('isolation-changed')).length]).toEqual([[{ status: 'resolved' }], 2])
})

it('the same answer once more says nothing of now: what came after it holds', async () => {
  await said('isolated', 'succeeded')
  const isolated = await room.store.db.selectFrom('command_results').selectAll().executeTakeFirstOrThrow()
  const actual = async () => (await room.store.db.selectFrom('isolations').select('actual').executeTakeFirstOrThrow()).actual
  await said('open', 'succeeded', true)
  expect(await actual()).toBe('open')
  await room.store.db
    .insertInto('command_results')
    .values({ ...isolated, id: 'once-more', handled_at: null, received_at: room.time.now() })
    .execute()
  room.pipeline.nudge(true)
  await room.pipeline.idle()
  expect(await actual()).toBe('open')
})

it('the same answer once more is no change', async () => {
  await said('isolated', 'succeeded')
  await said('isolated', 'succeeded')
  expect(await lines('isolation-changed')).toEqual([])
})
