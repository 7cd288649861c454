import pino from 'pino'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { placesOf } from '#shared/domain/neighbours.ts'
import { keepNeighbours } from '../../../server/command/kept-neighbours.ts'
import { createLiveBus } from '../../../server/live.ts'
import { type DeskRoom, openDeskRoom } from '../../support/desk-room.ts'

let room: DeskRoom
let kept: ReturnType<typeof keepNeighbours>
const bus = createLiveBus()
let told: Record<string, string[]>

beforeEach(async () => {
  room = await openDeskRoom({ roles: { a: 'workstation', b: 'workstation', c: 'server' } })
  told = {}
  const { store, time } = room
  kept = keepNeighbours({
    ...{ store, time, log: pino({ level: 'silent' }), bus },
    name: (endpointId, places) => {
      told[endpointId] = places.map(({ address }) => address)
    },
  })
})
afterEach(async () => {
  await kept.stop()
  await room.close()
})

async function comes(endpointId: string, address: string): Promise<void> {
  const { db } = room.store
  const now = room.time.now()
  const places = JSON.stringify(placesOf([{ mac: '02:00:00:00:00:01', addresses: [address] }]))
  await db.updateTable('inventories').set({ places }).where('endpoint_id', '=', endpointId).execute()
  const since = { is_connected: 1, changed_at: now, last_heard_at: now, goodbye: null, agent_version: '1' } as const
  await db
    .insertInto('presences')
    .values({ endpoint_id: endpointId, ...since })
    .execute()
  const open = { desired: 'open', desired_at: now, desired_by: 'system', actual: 'open', actual_at: now, is_ready: 1 } as const
  await db
    .insertInto('isolations')
    .values({ endpoint_id: endpointId, ...open, detail: '', proof: null })
    .execute()
  hint(endpointId)
}
const hint = (endpointId: string): void =>
  bus.publish({ topic: 'endpoint', id: endpointId, endpointId, organisationId: 'acme', at: room.time.now() })
/** A look waits for a moment, and reads the store. */
async function saidUntil(isSo: () => boolean): Promise<void> {
  const later = async (): Promise<boolean> => {
    await room.time.advance(1_000)
    return isSo()
  }
  await expect.poll(later, { timeout: 10_000 }).toBe(true)
}
const keptBy = async (id: string): Promise<string[]> => {
  const row = await room.store.db.selectFrom('isolations').select('kept_by').where('endpoint_id', '=', id).executeTakeFirstOrThrow()
  return JSON.parse(row.kept_by ?? '[]') as string[]
}

it('names to each who stands beside it, and writes down who asks it', async () => {
  await comes('a', '10.0.0.1')
  await comes('b', '10.0.0.2')
  await saidUntil(() => told.b !== undefined)
  expect(told).toEqual({ a: ['10.0.0.2'], b: ['10.0.0.1'] })
  await expect.poll(() => keptBy('a')).toEqual(['b'])
})

it('tells those whose list changed, and whoever came back, who may have forgotten it', async () => {
  await comes('a', '10.0.0.1')
  await comes('b', '10.0.0.2')
  await saidUntil(() => told.b !== undefined)
  told = {}
  hint('a')
  await saidUntil(() => told.a !== undefined)
  expect(told).toEqual({ a: ['10.0.0.2'] })

  await room.store.db.updateTable('isolations').set({ actual: 'isolated' }).where('endpoint_id', '=', 'b').execute()
  hint('b')
  await saidUntil(() => told.a?.length === 0)
})

it('names nobody of another site', async () => {
  await room.store.db.updateTable('endpoints').set({ site_id: null }).where('id', '=', 'b').execute()
  await comes('a', '10.0.0.1')
  await comes('b', '10.0.0.2')
  await comes('c', '10.0.0.3')
  await saidUntil(() => told.c !== undefined)
  expect(told).toMatchObject({ a: ['10.0.0.3'], c: ['10.0.0.1'] })
  expect(told.b ?? []).toEqual([])
})
