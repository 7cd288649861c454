import { type RawBuilder, sql } from 'kysely'
import { steps } from '#shared/domain/rollup.ts'
import type { Store } from '../store/store.ts'

const { fiveMinutes, hour } = steps

/** What one roll-up is made of, for many slots in one query: a query of its own for each costs as much as the roll-up. */
export interface Slot {
  endpoint_id: string
  step_ms: number
  at: number
}

/** By `keyOf`; bodies oldest first. */
type Found = Map<string, { slot: Slot; bodies: string[]; samples: number }>

interface Row {
  endpoint_id: string
  slot_at: number
  samples: number
  body: string
}

export const keyOf = ({ endpoint_id, step_ms, at }: Slot): string => `${endpoint_id} ${step_ms} ${at}`

/** How many rows of samples lie in each slot, by `keyOf`: the index alone tells. */
export async function rowsOf(store: Store, slots: readonly Slot[]): Promise<Map<string, number>> {
  if (slots.length === 0) return new Map()
  const { rows } = await sql<Pick<Row, 'endpoint_id' | 'slot_at'> & { stored: number }>`
    select wanted.endpoint_id, wanted.at as slot_at, (
      select count(*) from samples
      where samples.endpoint_id = wanted.endpoint_id and samples.at >= wanted.at and samples.at < wanted.at + ${sql.lit(fiveMinutes.widthMs)}
    ) as stored
    from ${wanted(store, slots)} as wanted`.execute(store.reader)
  return new Map(
    rows.map(({ endpoint_id, slot_at, stored }) => [keyOf({ endpoint_id, step_ms: fiveMinutes.widthMs, at: slot_at }), stored]),
  )
}

export async function samplesOf(store: Store, slots: readonly Slot[]): Promise<Found> {
  if (slots.length === 0) return new Map()
  const { rows } = await sql<Row>`
    select wanted.endpoint_id, wanted.at as slot_at, 0 as samples, samples.body
    from ${wanted(store, slots)} as wanted cross join samples
    where samples.endpoint_id = wanted.endpoint_id and samples.at >= wanted.at and samples.at < wanted.at + ${sql.lit(fiveMinutes.widthMs)}
    order by wanted.endpoint_id, wanted.at, samples.at`.execute(store.reader)
  return found(rows, fiveMinutes.widthMs)
}

export async function fiveMinutesOf(store: Store, slots: readonly Slot[]): Promise<Found> {
  if (slots.length === 0) return new Map()
  const { rows } = await sql<Row>`
    select wanted.endpoint_id, wanted.at as slot_at, rollups.samples, rollups.body
    from ${wanted(store, slots)} as wanted cross join rollups
    where rollups.endpoint_id = wanted.endpoint_id and rollups.step_ms = ${sql.lit(fiveMinutes.widthMs)}
      and rollups.at >= wanted.at and rollups.at < wanted.at + ${sql.lit(hour.widthMs)}
    order by wanted.endpoint_id, wanted.at, rollups.at`.execute(store.reader)
  return found(rows, hour.widthMs)
}

const wanted = ({ capabilities }: Store, slots: readonly Slot[]): RawBuilder<unknown> =>
  capabilities.listed(
    { endpoint_id: 'text', at: 'bigint' },
    slots.map(({ endpoint_id, at }) => ({ endpoint_id, at })),
  )

function found(rows: readonly Row[], step_ms: number): Found {
  const bySlot: Found = new Map()
  for (const { endpoint_id, slot_at, samples, body } of rows) {
    const slot = { endpoint_id, step_ms, at: slot_at }
    const known = bySlot.get(keyOf(slot)) ?? { slot, bodies: [], samples: 0 }
    known.bodies.push(body)
    known.samples += samples
    bySlot.set(keyOf(slot), known)
  }
  return bySlot
}
