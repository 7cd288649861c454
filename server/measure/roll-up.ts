/*
 * Enters: marks, one for each slot that got samples, written in the transaction that keeps them. Leaves: a roll-up for
 * each five minutes, made of its samples, and one for each hour, made of its five minutes.
 * Promises: a slot is made anew from all that is there, so rolling it up twice changes nothing; what is known of it
 * (open-slots.ts) stands for that only where it was made of as many rows as the store holds; a roll-up and the end
 * of its mark are one transaction, so a crash leaves the mark; samples that come late mark their slot again.
 * On failure: throws; the marks stay. Meets: a backlog of a million samples (small bites, with rests).
 */
import { addColumns, addRollup, rollupText, type Spreads, slotOf, steps } from '#shared/domain/rollup.ts'
import { storedColumns } from '#shared/domain/sample-columns.ts'
import { minutes, seconds, type Time } from '#shared/domain/time.ts'
import type { Store, Tx } from '../store/store.ts'
import type { RollupsDueTable, RollupsTable } from '../store/tables/measure.ts'
import type { Marks } from './marks.ts'
import type { OpenSlots } from './open-slots.ts'
import { rest } from './rest.ts'
import { fiveMinutesOf, keyOf, rowsOf, type Slot, samplesOf } from './slots.ts'

const { fiveMinutes, hour } = steps

/** Slots rolled up in one transaction: a few milliseconds. */
const biteSlots = 100
/** After something came, more may. */
const settleMs = seconds(60)
/**
 * Who sends once a minute sends the end of five minutes within the next one, and it settles in another; so a slot is marked
 * once. Hours wait for the last of their five minutes and for the job that makes it, for the same reason.
 */
const settledAfterMs = { [fiveMinutes.widthMs]: minutes(2), [hour.widthMs]: minutes(4) }

/**
 * Marks lie on whole minutes and so ahead of now by at least `settleMs`: who adds a mark and who rolls up those that are
 * due never touch the same row, and neither ever waits for the other.
 */
function markOf({ endpoint_id, step_ms, at }: Slot, now: number): RollupsDueTable {
  const settledAt = Math.max(at + step_ms + (settledAfterMs[step_ms] ?? 0), now + settleMs)
  return { endpoint_id, step_ms, at, due_at: Math.ceil(settledAt / minutes(1)) * minutes(1) }
}

/** Says that there are new samples of these slots; in the transaction that keeps them. */
export async function markSlots(
  tx: Tx,
  { store: { capabilities }, marks }: Pick<RollUpNeeds, 'store' | 'marks'>,
  parts: readonly { slot: Slot; key: string }[],
  now: number,
): Promise<void> {
  const wanted = new Map(parts.map(({ slot, key }) => [key, markOf(slot, now)]))
  await capabilities.putRows(tx, 'rollups_due', marks.missing(wanted), 'ignore')
}

export interface RollUpNeeds {
  store: Store
  time: Time
  marks: Marks
  open: OpenSlots
  stop: AbortSignal
}

/** Rolls up whatever is due. @returns how many slots. */
export async function rollUp({ stop, ...needs }: RollUpNeeds): Promise<number> {
  let rolled = 0
  for (let bite = biteSlots; bite === biteSlots && !stop.aborted; ) {
    bite = await rollUpBite(needs)
    rolled += bite
    if (bite === biteSlots) await rest(needs.time, stop)
  }
  return rolled
}

async function rollUpBite({ store, time, marks: standing, open }: Omit<RollUpNeeds, 'stop'>): Promise<number> {
  const now = time.now()
  const due = store.reader.selectFrom('rollups_due').selectAll().where('due_at', '<=', now)
  const marks = await due.orderBy('due_at').limit(biteSlots).execute()
  if (marks.length === 0) return 0
  standing.end(marks)
  const slots = [...new Map(marks.map((mark) => [keyOf(mark), mark])).values()]
  const made = [...(await rollUpSamples(store, open, slots)), ...(await rollUpFiveMinutes(store, slots))]
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
async function rollUpSamples(store: Store, open: OpenSlots, slots: readonly Slot[]): Promise<RollupsTable[]> {
  const ofSamples = slots.filter(({ step_ms }) => step_ms === fiveMinutes.widthMs)
  const known = await wholeOnes(store, open, ofSamples)
  const read = await readSamples(
    store,
    ofSamples.filter((slot) => !known.has(keyOf(slot))),
  )
  return [...known.values(), ...read]
}

/** Of the slots of which as much is known as the store holds, by `keyOf`. What is known is taken before the store is asked. */
async function wholeOnes(store: Store, open: OpenSlots, slots: readonly Slot[]): Promise<Map<string, RollupsTable>> {
  const known = slots.flatMap((slot) => {
    const sums = open.take(keyOf(slot))
    return sums ? [{ slot, sums }] : []
  })
  const rows = await rowsOf(
    store,
    known.map(({ slot }) => slot),
  )
  const whole = known.filter(({ slot, sums }) => rows.get(keyOf(slot)) === sums.rows)
  return new Map(whole.map(({ slot, sums }) => [keyOf(slot), rollupRow(slot, sums.spreads(), sums.samples)]))
}

async function readSamples(store: Store, slots: readonly Slot[]): Promise<RollupsTable[]> {
  const found = await samplesOf(store, slots)
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
  const hours = finer.map(({ endpoint_id, at }) => ({ endpoint_id, step_ms: hour.widthMs, at: slotOf(at, hour.widthMs) }))
  return [...new Map(hours.map((slot) => [keyOf(slot), markOf(slot, now)])).values()]
}
