/*
 * Enters: marks, one for each slot that got samples, written in the transaction that keeps them. Leaves: a roll-up for
 * each five minutes, made of its samples, and one for each hour, made of its five minutes.
 * Promises: a slot is made anew from all that is there, so rolling it up twice changes nothing; a roll-up and the end
 * of its mark are one transaction, so a crash leaves the mark; samples that come late mark their slot again.
 * On failure: throws; the marks stay. Meets: a backlog of a million samples (small bites, with rests).
 */
import { addRollup, addSample, rollupText, type Spreads, slotOf, steps } from '#shared/domain/rollup.ts'
import type { Sample } from '#shared/domain/sample.ts'
import { minutes, seconds, type Time } from '#shared/domain/time.ts'
import type { Store, Tx } from '../store/store.ts'
import type { RollupsDueTable, RollupsTable } from '../store/tables/measure.ts'
import { rest } from './rest.ts'

/** Slots rolled up in one transaction: a few milliseconds. */
const biteSlots = 20
/** After something came, more may. */
const settleMs = seconds(60)
/** Hours wait for the last of their five minutes, so that they are made once. */
const hoursSettleMs = minutes(3)

const { fiveMinutes, hour } = steps

/**
 * Marks lie on whole minutes and so ahead of now by at least `settleMs`: who adds a mark and who rolls up those that are
 * due never touch the same row, and neither ever waits for the other.
 */
function markOf(endpointId: string, widthMs: number, at: number, now: number): RollupsDueTable {
  const slot = slotOf(at, widthMs)
  const settledAt = Math.max(slot + widthMs + (widthMs === hour.widthMs ? hoursSettleMs : settleMs), now + settleMs)
  return { endpoint_id: endpointId, step_ms: widthMs, at: slot, due_at: Math.ceil(settledAt / minutes(1)) * minutes(1) }
}

/** Says that these instants of an endpoint have new samples; in the transaction that keeps them. */
export async function markSlots(tx: Tx, { capabilities }: Store, endpointId: string, instants: number[], now: number): Promise<void> {
  const slots = new Set(instants.map((at) => slotOf(at, fiveMinutes.widthMs)))
  const marks = [...slots].map((slot) => markOf(endpointId, fiveMinutes.widthMs, slot, now))
  await capabilities.putRows(tx, 'rollups_due', marks, 'ignore')
}

/** Rolls up whatever is due. @returns how many slots. */
export async function rollUp({ store, time, stop }: { store: Store; time: Time; stop: AbortSignal }): Promise<number> {
  let rolled = 0
  for (let bite = biteSlots; bite === biteSlots && !stop.aborted; ) {
    bite = await rollUpBite(store, time.now())
    rolled += bite
    if (bite === biteSlots) await rest(time, stop)
  }
  return rolled
}

async function rollUpBite(store: Store, now: number): Promise<number> {
  const due = store.reader.selectFrom('rollups_due').selectAll().where('due_at', '<=', now)
  const marks = await due.orderBy('due_at').limit(biteSlots).execute()
  if (marks.length === 0) return 0
  const slots = [...new Map(marks.map((mark) => [`${mark.endpoint_id} ${mark.step_ms} ${mark.at}`, mark])).values()]
  const made: RollupsTable[] = []
  // One after the other: between two of them the loop is free.
  for (const slot of slots) made.push(...(await rollupOf(store, slot)))
  await store.db.transaction().execute(async (tx) => {
    await keepRollups(tx, made)
    await store.capabilities.putRows(tx, 'rollups_due', hoursAbove(made, now), 'ignore')
    await endMarks(tx, marks)
  })
  return marks.length
}

/** Nothing when what it would be made of is no longer there. */
async function rollupOf(store: Store, slot: RollupsDueTable): Promise<RollupsTable[]> {
  const { spreads, samples } = slot.step_ms === fiveMinutes.widthMs ? await ofSamples(store, slot) : await ofFiveMinutes(store, slot)
  if (samples === 0) return []
  return [{ endpoint_id: slot.endpoint_id, step_ms: slot.step_ms, at: slot.at, samples, body: rollupText(spreads) }]
}

async function ofSamples({ reader }: Store, { endpoint_id, at, step_ms }: RollupsDueTable): Promise<{ spreads: Spreads; samples: number }> {
  const inSlot = reader.selectFrom('samples').select('body').where('endpoint_id', '=', endpoint_id)
  const rows = await inSlot
    .where('at', '>=', at)
    .where('at', '<', at + step_ms)
    .execute()
  const spreads: Spreads = new Map()
  for (const { body } of rows) addSample(spreads, JSON.parse(body) as Sample)
  return { spreads, samples: rows.length }
}

async function ofFiveMinutes(
  { reader }: Store,
  { endpoint_id, at, step_ms }: RollupsDueTable,
): Promise<{ spreads: Spreads; samples: number }> {
  const finer = reader.selectFrom('rollups').select(['samples', 'body']).where('endpoint_id', '=', endpoint_id)
  const inSlot = finer
    .where('step_ms', '=', fiveMinutes.widthMs)
    .where('at', '>=', at)
    .where('at', '<', at + step_ms)
  const rows = await inSlot.execute()
  const spreads: Spreads = new Map()
  for (const { body } of rows) addRollup(spreads, body)
  return { spreads, samples: rows.reduce((sum, { samples }) => sum + samples, 0) }
}

/** The fuller one stays: a straggler whose slot has lost its raw samples by age must not stand for all of them. */
async function keepRollups(tx: Tx, rows: RollupsTable[]): Promise<void> {
  if (rows.length === 0) return
  await tx
    .insertInto('rollups')
    .values(rows)
    .onConflict((known) =>
      known
        .columns(['endpoint_id', 'step_ms', 'at'])
        .doUpdateSet(({ ref }) => ({ samples: ref('excluded.samples'), body: ref('excluded.body') }))
        .whereRef('excluded.samples', '>=', 'rollups.samples'),
    )
    .execute()
}

function hoursAbove(made: RollupsTable[], now: number): RollupsDueTable[] {
  const finer = made.filter(({ step_ms }) => step_ms === fiveMinutes.widthMs)
  return finer.map(({ endpoint_id, at }) => markOf(endpoint_id, hour.widthMs, at, now))
}

/** Exactly those that were read: a mark that came meanwhile is due later and stays. */
async function endMarks(tx: Tx, marks: RollupsDueTable[]): Promise<void> {
  const isRead = tx
    .deleteFrom('rollups_due')
    .where((mark) => mark.or(marks.map(({ endpoint_id, step_ms, at, due_at }) => mark.and({ endpoint_id, step_ms, at, due_at }))))
  await isRead.execute()
}
