import { type RawBuilder, sql } from 'kysely'
import { steps } from '#shared/domain/rollup.ts'
import type { Store } from '../store/store.ts'

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

export async function samplesOf({ reader }: Store, slots: readonly Slot[]): Promise<Found> {
  if (slots.length === 0) return new Map()
  const rows = await sql<Row>`${wanted(slots)}
    select wanted.endpoint_id, wanted.at as slot_at, 0 as samples, samples.body
    from wanted cross join samples
    where samples.endpoint_id = wanted.endpoint_id and samples.at >= wanted.at and samples.at < wanted.at + ${sql.lit(steps.fiveMinutes.widthMs)}
    order by wanted.endpoint_id, wanted.at, samples.at`.execute(reader)
  return found(rows.rows, steps.fiveMinutes.widthMs)
}

export async function fiveMinutesOf({ reader }: Store, slots: readonly Slot[]): Promise<Found> {
  if (slots.length === 0) return new Map()
  const rows = await sql<Row>`${wanted(slots)}
    select wanted.endpoint_id, wanted.at as slot_at, rollups.samples, rollups.body
    from wanted cross join rollups
    where rollups.endpoint_id = wanted.endpoint_id and rollups.step_ms = ${sql.lit(steps.fiveMinutes.widthMs)}
      and rollups.at >= wanted.at and rollups.at < wanted.at + ${sql.lit(steps.hour.widthMs)}
    order by wanted.endpoint_id, wanted.at, rollups.at`.execute(reader)
  return found(rows.rows, steps.hour.widthMs)
}

/** `with wanted (…) as (…)`; the casts tell PostgreSQL what its parameters are. */
function wanted(slots: readonly Slot[]): RawBuilder<unknown> {
  const rows = slots.map(({ endpoint_id, at }) => sql`(cast(${endpoint_id} as text), cast(${at} as bigint))`)
  return sql`with wanted (endpoint_id, at) as (values ${sql.join(rows)})`
}

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
