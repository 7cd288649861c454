import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { confirmationOf, type NeighbourFound, NeighboursView, placesOf } from '#shared/domain/neighbours.ts'
import type { ResultRecord } from '#shared/protocol/record.ts'
import { keepResults } from '../../../server/command/command.ts'
import { noteReleases } from '../../../server/suppress/ages.ts'
import { type DeskRoom, openDeskRoom } from '../../support/desk-room.ts'

const attack = { kind: 'security.ransomware.canary', severity: 'critical', state: 'happened', facts: { change: 'unreadable' } } as const
const isolated = { actual: 'isolated', readiness: { isReady: true }, since: 1, proof: { collectorAnswered: true } } as const

let room: DeskRoom
beforeEach(async () => {
  room = await openDeskRoom({
    roles: { ws: 'workstation', near: 'workstation', nearer: 'workstation', far: 'workstation', off: 'workstation' },
  })
  await stands('ws', '10.0.0.7')
  await stands('near', '10.0.0.130')
  await stands('nearer', '10.0.0.6')
  await stands('far', '192.168.5.7')
  await stands('off', '10.0.0.8', 0)
})
afterEach(() => room.close())

async function stands(id: string, address: string, isConnected: 0 | 1 = 1): Promise<void> {
  const places = JSON.stringify(placesOf([{ mac: '02:00:00:00:00:07', addresses: [address, 'fe80::1'] }]))
  await room.store.db.updateTable('inventories').set({ places }).where('endpoint_id', '=', id).execute()
  const now = room.time.now()
  const presence = {
    endpoint_id: id,
    is_connected: isConnected,
    changed_at: now,
    last_heard_at: now,
    goodbye: null,
    agent_version: '1',
  }
  await room.store.db.insertInto('presences').values(presence).execute()
  // What came with the collector's own release is not young.
  await room.store.db.transaction().execute((tx) => noteReleases(room.store.capabilities.putRows, '1')(tx, [presence], now))
}
const open = {
  desired: 'open',
  desired_at: 1,
  desired_by: 'system',
  actual: 'open',
  actual_at: 1,
  is_ready: 1,
  detail: '',
  proof: null,
} as const
async function machine(id: string, address: string): Promise<void> {
  const { db } = room.store
  const endpoint = await db.selectFrom('endpoints').selectAll().where('id', '=', 'near').executeTakeFirstOrThrow()
  const inventory = await db.selectFrom('inventories').selectAll().where('endpoint_id', '=', 'near').executeTakeFirstOrThrow()
  await db
    .insertInto('endpoints')
    .values({ ...endpoint, id })
    .execute()
  await db
    .insertInto('inventories')
    .values({ ...inventory, endpoint_id: id })
    .execute()
  await stands(id, address)
}
const sentTo = (verb: string) => room.sent.filter(({ order }) => order.verb === verb)
async function answer(endpointId: string, verb: string, more: Partial<ResultRecord>): Promise<void> {
  const order = sentTo(verb).find((each) => each.endpointId === endpointId)?.order
  const now = room.time.now()
  const result = { v: 1, type: 'result', commandId: order?.id ?? '', verb, outcome: 'succeeded', startedAt: now, finishedAt: now } as const
  await room.store.db
    .transaction()
    .execute((tx) => keepResults(tx, [{ endpointId, result: { ...result, detail: 'as asked', ...more } }], now))
  await room.pipeline.idle()
  await room.dispatcher.idle()
}
const isolate = async (): Promise<void> => {
  await room.signals(attack)
  await answer('ws', 'isolate-host', { isolation: isolated })
}
const says = (endpointId: string, found: NeighbourFound) =>
  answer(endpointId, 'reach-neighbour', { output: { found, probe: 'udp 10.0.0.7:9', answeredAt: 1, answers: ['silent'] } })
const view = async () => {
  const row = await room.store.db.selectFrom('isolations').select('neighbours').where('endpoint_id', '=', 'ws').executeTakeFirst()
  return row?.neighbours ? NeighboursView.parse(JSON.parse(row.neighbours)) : undefined
}
const confirmation = async () => confirmationOf((await view()) ?? { askedAt: 0, asked: [] })
const lines = async (kind: 'neighbours-asked' | 'neighbour-said') =>
  (await room.store.db.selectFrom('timeline').select('body').where('kind', '=', kind).execute()).map(({ body }) => JSON.parse(body))

describe('neighbours of an isolated machine', () => {
  it('are asked once before it is closed, and once it says that it is: the connected ones of its network, nearest first', async () => {
    await room.signals(attack)
    await expect.poll(() => room.warmed.map(({ endpointId }) => endpointId)).toEqual(['nearer', 'near'])
    expect(room.warmed[0]?.places).toEqual([{ address: '10.0.0.7', mac: '02:00:00:00:00:07' }])
    expect(sentTo('reach-neighbour')).toEqual([])

    await answer('ws', 'isolate-host', { isolation: isolated })
    expect(new Set(sentTo('reach-neighbour').map(({ endpointId }) => endpointId))).toEqual(new Set(['nearer', 'near']))
    expect(await confirmation()).toBe('asked')
    expect(await lines('neighbours-asked')).toMatchObject([{ names: ['nearer-host', 'near-host'] }])
  })

  it('are first of all those who ask it already, so that there is a “before”', async () => {
    for (const at of [1, 2, 3]) await machine(`by${at}`, `10.0.9.${at}`)
    await room.store.db
      .insertInto('isolations')
      .values({ ...open, endpoint_id: 'ws', kept_by: JSON.stringify(['by2', 'near', 'gone']) })
      .execute()
    await isolate()
    expect(
      sentTo('reach-neighbour')
        .map(({ endpointId }) => endpointId)
        .toSorted(),
    ).toEqual(['by2', 'near', 'nearer'])
  })

  it('are asked of what is an address, whatever else the machine says it has', async () => {
    const places = JSON.stringify(placesOf([{ mac: '02:00:00:00:00:07', addresses: ['10.0.0.7', 'x'.repeat(46)] }]))
    await room.store.db.updateTable('inventories').set({ places }).where('endpoint_id', '=', 'ws').execute()
    await isolate()
    expect(sentTo('reach-neighbour').map(({ order }) => order.args.places)).toMatchObject([
      [{ address: '10.0.0.7' }],
      [{ address: '10.0.0.7' }],
    ])
  })

  it('confirm it by silence where there was an answer before; each says so on the ticket, with its instants', async () => {
    await isolate()
    await says('near', 'no-baseline')
    expect(await confirmation()).toBe('asked')
    await says('nearer', 'unreached')
    expect(await confirmation()).toBe('confirmed')
    expect(await lines('neighbour-said')).toMatchObject([
      { name: 'near-host', found: 'no-baseline' },
      { name: 'nearer-host', found: 'unreached', probe: 'udp 10.0.0.7:9', answeredAt: 1, at: room.time.now() },
    ])
  })

  it('that still reach it are an alarm of its own', async () => {
    await isolate()
    await says('near', 'unreached')
    await says('nearer', 'reached')
    expect(await confirmation()).toBe('reached')
    const tickets = await room.store.db.selectFrom('tickets').selectAll().where('kind', '=', 'security.isolation.failed').execute()
    expect(tickets).toMatchObject([{ endpoint_id: 'ws', priority: 'P1', title: expect.stringContaining('nearer-host') }])
  })

  it('that don’t answer in time, or talk nonsense, confirm nothing', async () => {
    await isolate()
    await answer('near', 'reach-neighbour', { output: { found: 'certainly' } })
    await room.time.advance(3 * 60_000)
    await room.pipeline.idle()
    expect(await confirmation()).toBe('not-confirmed')
    expect((await view())?.asked.map(({ said }) => said)).toEqual(['unable', 'unable'])
  })

  it('are said to be none where there are none', async () => {
    await room.store.db.updateTable('presences').set({ is_connected: 0 }).where('endpoint_id', 'in', ['near', 'nearer']).execute()
    await isolate()
    expect(sentTo('reach-neighbour')).toEqual([])
    expect(await lines('neighbours-asked')).toMatchObject([{ names: [] }])
    expect(await confirmation()).toBe('not-confirmed')
  })

  it('are forgotten once something else is wanted of the machine', async () => {
    await isolate()
    const person = { id: 'p1', name: 'Sam' }
    await room.desk.releaseEndpoint({ endpointId: 'ws', person, reason: 'it is clean', withoutRestore: 'it was a test' })
    await says('near', 'reached')
    expect(await view()).toBeUndefined()
    expect(await room.store.db.selectFrom('tickets').select('id').where('kind', '=', 'security.isolation.failed').execute()).toEqual([])
  })
})
