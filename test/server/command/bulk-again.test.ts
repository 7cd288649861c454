import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Role } from '#shared/domain/endpoint.ts'
import { hours, minutes } from '#shared/domain/time.ts'
import { keepResults, requestCommands } from '../../../server/command/command.ts'
import type { BulkAsking } from '../../../server/desk/bulk.ts'
import { changeOrganisation } from '../../../server/people/organisations.ts'
import { type DeskRoom, openDeskRoom } from '../../support/desk-room.ts'
import { operatorOf, personsKey, signOrder } from '../../support/operators.ts'

/* What has changed since an order for many machines was asked: its later stages, and whoever waits anew, take it into account. */
const ids = ['pc-1', 'pc-2', 'pc-3']
const person = { id: 'p', name: 'Paula' }
let room: DeskRoom
beforeEach(async () => {
  room = await openDeskRoom({ roles: Object.fromEntries(ids.map((id): [string, Role] => [id, 'workstation'])) })
  await room.time.advance(minutes(3))
})
afterEach(() => room.close())

const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 3; turn += 1) for (const each of [room.bulk, room.dispatcher, room.pipeline]) await each.idle()
}
const ask = async (verb: string, more: Partial<BulkAsking> = {}): Promise<string> => {
  const staged = { failPercent: 10, waitMinutes: 10, hours: 24, isAtOnce: false }
  const { id, outcome } = await room.bulk.ask({
    organisationId: 'acme',
    verb,
    args: {},
    reason: 'r',
    endpointIds: ids,
    person,
    ...staged,
    ...more,
  })
  expect(outcome).toMatchObject({ kind: 'done' })
  await settled()
  return id
}
const answer = async (commandId: string, verb: string, endpointId: string): Promise<void> => {
  const now = room.time.now()
  const result = { v: 1, type: 'result', commandId, verb, outcome: 'succeeded', startedAt: now, finishedAt: now, detail: 'done' } as const
  await room.store.db.transaction().execute((tx) => keepResults(tx, [{ endpointId, result }], now))
  room.pipeline.nudge(false)
  await settled()
}
const isolate = async (endpointId: string): Promise<void> => {
  await room.time.advance(10)
  const wanted = { id: `attack-on-${endpointId}`, verb: 'isolate-host', requestedBy: 'system', reason: 'an attack', ticketId: null }
  const { db, capabilities } = room.store
  const about = { ...wanted, organisationId: 'acme', endpointId }
  await db.transaction().execute((tx) => requestCommands(tx, capabilities.putRows, [about], room.time.now()))
  await room.time.advance(10)
}
const statuses = async (verb: string) => {
  const rows = await room.store.db.selectFrom('commands').selectAll().where('verb', '=', verb).orderBy('endpoint_id').execute()
  return rows.map(({ endpoint_id, status }) => `${endpoint_id} ${status}`)
}
const desired = async (id: string) =>
  (await room.store.db.selectFrom('isolations').select('desired').where('endpoint_id', '=', id).executeTakeFirst())?.desired
const bulk = () => room.store.db.selectFrom('bulks').selectAll().executeTakeFirstOrThrow()
const sentTo = (verb: string) => room.sent.flatMap(({ endpointId, order }) => (order.verb === verb ? endpointId : []))

describe('a release of many machines', () => {
  it('opens nothing that was isolated after it was asked', async () => {
    const id = await ask('release-host')
    await isolate('pc-2')
    await answer(id, 'release-host', 'pc-1')
    expect(await statuses('release-host')).toEqual(['pc-1 succeeded', 'pc-2 dropped', 'pc-3 sent'])
    expect([await desired('pc-2'), sentTo('release-host')]).toEqual(['isolated', ['pc-1', 'pc-3']])
  })

  it('opens nothing that waits to be restored by now', async () => {
    const id = await ask('release-host')
    await room.signals({ kind: 'health.disk.full', endpointId: 'pc-2', facts: { usedRatio: 0.99, freeBytes: 1, totalBytes: 100 } })
    await room.store.db.updateTable('tickets').set({ task: 'restore' }).where('endpoint_id', '=', 'pc-2').execute()
    await answer(id, 'release-host', 'pc-1')
    expect(sentTo('release-host')).toEqual(['pc-1', 'pc-3'])
    const left = await room.store.db.selectFrom('commands').select('result').where('endpoint_id', '=', 'pc-2').executeTakeFirst()
    expect(left?.result).toContain('not restored yet')
  })

  it('that a person lets go on keeps to that', async () => {
    room.away.add('pc-1')
    const id = await ask('release-host', { endpointIds: ['pc-1'] })
    await room.bulk.stop({ id, person, reason: 'wait' })
    await isolate('pc-1')
    room.away.clear()
    await room.bulk.goOn({ id, person, reason: 'now' })
    await settled()
    expect([await desired('pc-1'), sentTo('release-host')]).toEqual(['isolated', []])
  })
})

it('who is connected has what was taken back at once when a person goes on, and its whole wait again', async () => {
  room.away.add('pc-1').add('pc-2').add('pc-3')
  const id = await ask('reboot')
  await room.bulk.stop({ id, person, reason: 'wait' })
  await settled()
  room.away.clear()
  room.time.jump(hours(1))
  await room.bulk.goOn({ id, person, reason: 'now' })
  await settled()
  expect([sentTo('reboot'), (await bulk()).stage_begun_at]).toEqual([['pc-1'], room.time.now()])
})

it('what waited for signatures anew goes to who is connected, and its stage has its whole wait', async () => {
  room.away.add('pc-1')
  const id = await ask('reboot', { endpointIds: ['pc-1'] })
  const anna = await personsKey()
  room.register = { issuedAt: room.time.now(), operators: [operatorOf('Anna', anna, room.time.now())] }
  room.away.clear()
  await room.dispatcher.connected('pc-1')
  await settled()
  room.time.jump(hours(1))
  const signed = await room.bulk.sign(id, await signOrder(anna, JSON.parse((await bulk()).payload ?? '')), person)
  expect(signed).toMatchObject({ kind: 'queued' })
  await settled()
  expect([sentTo('reboot'), (await bulk()).stage_begun_at]).toEqual([['pc-1'], room.time.now()])
})

it('an isolation of many says at each machine whom to call', async () => {
  await changeOrganisation(room.store.db, 'acme', { callWhom: ['Service desk 030 1234567'], language: 'de' }, room.time.now())
  await ask('isolate-host', { isAtOnce: true })
  expect(room.sent[0]?.order.args).toEqual({ callWhom: ['Service desk 030 1234567'], language: 'de' })
})
