/*
 * Enters: marks, one for each slot that got samples, written in the transaction that keeps them. Leaves: a roll-up for
 * each five minutes, made of its samples, and one for each hour, made of its five minutes.
 * Promises: a slot is made anew from all that is there, so rolling it up twice changes nothing; a roll-up and the end
 * of its mark are one transaction, so a crash leaves the mark; samples that come late mark their slot again.
 * On failure: throws; the marks stay. Meets: a backlog of a million samples (small bites, with rests).
 */
import { addColumns, addRollup, rollupText, type Spreads, slotOf, steps } from '#shared/domain/rollup.ts'
import { storedColumns } from '#shared/domain/sample-columns.ts'
import { minutes, seconds, type Time } from '#shared/domain/time.ts'
import type { Store, Tx } from '../store/store.ts'
import type { RollupsDueTable, RollupsTable } from '../store/tables/measure.ts'
import type { Marks } from './marks.ts'
import { rest } from './rest.ts'
import { fiveMinutesOf, keyOf, type Slot, samplesOf } from './slots.ts'

/** Slots rolled up in one transaction: a few milliseconds. */
const biteSlots = 100
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

/** Says that there are new samples from these instants on; in the transaction that keeps them. */
export async function markSlots(
  tx: Tx,
  { store: { capabilities }, marks }: Pick<RollUpNeeds, 'store' | 'marks'>,
  rows: { endpoint_id: string; at: number }[],
  now: number,
): Promise<void> {
  const wanted = new Map(
    rows.map(({ endpoint_id, at }) => markOf(endpoint_id, fiveMinutes.widthMs, at, now)).map((mark) => [keyOf(mark), mark]),
  )
  await capabilities.putRows(tx, 'rollups_due', marks.missing([...wanted.values()]), 'ignore')
}

export interface RollUpNeeds {
  store: Store
  time: Time
  marks: Marks
  stop: AbortSignal
}

/** Rolls up whatever is due. @returns how many slots. */
export async function rollUp({ store, time, marks, stop }: RollUpNeeds): Promise<number> {
  let rolled = 0
  for (let bite = biteSlots; bite === biteSlots && !stop.aborted; ) {
    bite = await rollUpBite(store, marks, time.now())
    rolled += bite
    if (bite === biteSlots) await rest(time, stop)
  }
  return rolled
}

async function rollUpBite(store: Store, standing: Marks, now: number): Promise<number> {
  const due = store.reader.selectFrom('rollups_due').selectAll().where('due_at', '<=', now)
  const marks = await due.orderBy('due_at').limit(biteSlots).execute()
  if (marks.length === 0) return 0
  standing.end(marks)
  const slots = [...new Map(marks.map((mark) => [keyOf(mark), mark])).values()]
  const made = [...(await rollUpSamples(store, slots)), ...(await rollUpFiveMinutes(store, slots))]
  const { putRows, dropRows } = store.capabilities
  await store.db.transaction().execute(async (tx) => {
    // The fuller one stays: a straggler whose slot has lost its raw samples by age must not stand for all of them.
    await putRows(tx, 'rollups', made, { replaceWhere: ['endpoint_id', 'step_ms', 'at'], whereAtLeast: 'samples' })
    await putRows(tx, 'rollups_due', hoursAbove(made, now), 'ignore')
    // Exactly those that were read: a mark that came meanwhile is due later and stays.
    await dropRows(tx, 'rollups_due', marks)
  })
  return marks.length
}

/** A slot of which nothing is there any more gets no roll-up. */
async function rollUpSamples(store: Store, slots: readonly Slot[]): Promise<RollupsTable[]> {
  const found = await samplesOf(
    store,
    slots.filter(({ step_ms }) => step_ms === fiveMinutes.widthMs),
  )
  return [...found.values()].map(({ slot, bodies }) => {
    const spreads: Spreads = new Map()
    let samples = 0
    for (const columns of storedColumns(bodies)) {
      addColumns(spreads, columns)
      samples += columns.at.length
    }
    return rollupRow(slot, spreads, samples)
  })
}

async function rollUpFiveMinutes(store: Store, slots: readonly Slot[]): Promise<RollupsTable[]> {
  const found = await fiveMinutesOf(
    store,
    slots.filter(({ step_ms }) => step_ms === hour.widthMs),
  )
  return [...found.values()].map(({ slot, bodies, samples }) => {
    const spreads: Spreads = new Map()
    for (const body of bodies) addRollup(spreads, body)
    return rollupRow(slot, spreads, samples)
  })
}

const rollupRow = ({ endpoint_id, step_ms, at }: Slot, spreads: Spreads, samples: number): RollupsTable => ({
  ...{ endpoint_id, step_ms, at, samples, body: rollupText(spreads) },
})

function hoursAbove(made: RollupsTable[], now: number): RollupsDueTable[] {
  const finer = made.filter(({ step_ms }) => step_ms === fiveMinutes.widthMs)
  return finer.map(({ endpoint_id, at }) => markOf(endpoint_id, hour.widthMs, at, now))
}
