/*
 * Enters: samples and inventories, inside ingest's transaction. Leaves: rows that charts and rules read: raw samples,
 * their roll-ups by five minutes and by the hour (roll-up.ts), the latest inventory. Promises: it is the only writer of
 * its tables; the same sample twice is one; each step ends after its time (shared/domain/rollup.ts), in bites so small
 * that nobody waits for them. On failure: ingest's commit fails as a whole; a job that fails is logged and tried again.
 */
import type { Logger } from 'pino'
import type { Inventory } from '#shared/domain/inventory.ts'
import { placesOf } from '#shared/domain/neighbours.ts'
import { plainText } from '#shared/domain/plain-text.ts'
import { slotOf, steps } from '#shared/domain/rollup.ts'
import { rowsOf, type SampleColumns } from '#shared/domain/sample-columns.ts'
import type { Software } from '#shared/domain/software.ts'
import { hours, seconds, type Time } from '#shared/domain/time.ts'
import type { TakenSamples } from '../ingest/batch.ts'
import type { Store, Tx } from '../store/store.ts'
import { startJob } from './job.ts'
import { Marks } from './marks.ts'
import { OpenSlots } from './open-slots.ts'
import { markSlots, type RollUpNeeds, rollUp } from './roll-up.ts'
import { keyOf } from './slots.ts'
import { sweep } from './sweep.ts'

const rollUpEveryMs = seconds(30)
const sweepEveryMs = hours(1)

export interface Measure {
  keepSamples(tx: Tx, taken: readonly TakenSamples[]): Promise<void>
  /** The transaction of the latest `keepSamples` is committed. */
  samplesKept(): void
  keepInventory(tx: Tx, endpointId: string, at: number, inventory: Inventory, receivedAt: number): Promise<void>
  keepSoftware(tx: Tx, endpointId: string, at: number, software: Software): Promise<void>
  /** Ends both jobs, each after the bite it is in. */
  stop(): Promise<void>
}

interface MeasureNeeds {
  store: Store
  time: Time
  log: Logger
  /** Where what the slots come to is kept until they are over. */
  open?: OpenSlots
}

export function startMeasure({ store, time, log, open = new OpenSlots() }: MeasureNeeds): Measure {
  const marks = new Marks()
  const jobs = [
    startJob({ name: 'roll-up', everyMs: rollUpEveryMs, time, log, run: (stop) => rollUp({ store, time, marks, open, stop }) }),
    startJob({ name: 'sweep', everyMs: sweepEveryMs, time, log, run: (stop) => sweep({ store, time, stop }) }),
  ]
  return {
    keepSamples: (tx, taken) => keepSamples(tx, { store, marks, open }, taken, time.now()),
    samplesKept: () => {
      marks.committed()
      open.committed()
    },
    keepInventory: (tx, endpointId, ...said) => keepInventory(tx, store, endpointId, ...said),
    keepSoftware: (tx, endpoint_id, at, software) =>
      store.capabilities.putRows(tx, 'software', [{ endpoint_id, at, body: JSON.stringify(software) }], { replaceWhere: ['endpoint_id'] }),
    stop: async () => {
      await Promise.all(jobs.map((job) => job.stop()))
    },
  }
}

type Kept = Pick<RollUpNeeds, 'store' | 'marks' | 'open'>

async function keepSamples(tx: Tx, { store, marks, open }: Kept, taken: readonly TakenSamples[], now: number): Promise<void> {
  const parts = taken.flatMap(({ from, columns }) => bySlot(columns).map((part) => partOf(from.endpointId, part)))
  const rows = parts.map(({ slot: { endpoint_id }, columns }) => ({ endpoint_id, at: columns.at[0] ?? 0, body: JSON.stringify(columns) }))
  await store.capabilities.putRows(tx, 'samples', rows, 'ignore', open.expect(parts))
  await markSlots(tx, { store, marks }, parts, now)
}

function partOf(endpoint_id: string, columns: SampleColumns) {
  const slot = { endpoint_id, step_ms: steps.fiveMinutes.widthMs, at: slotOf(columns.at[0] ?? 0, steps.fiveMinutes.widthMs) }
  return { slot, key: keyOf(slot), columns }
}

/** A row never reaches over the five minutes in which it begins, so a roll-up and an age end between rows. */
function bySlot(columns: SampleColumns): SampleColumns[] {
  const slots = columns.at.map((at) => slotOf(at, steps.fiveMinutes.widthMs))
  const begins = slots.flatMap((slot, row) => (row === 0 || slot !== slots[row - 1] ? [row] : []))
  if (begins.length === 1) return [columns]
  return begins.map((from, index) => rowsOf(columns, from, begins[index + 1] ?? slots.length))
}

async function keepInventory(
  tx: Tx,
  { capabilities }: Store,
  endpointId: string,
  at: number,
  inventory: Inventory,
  receivedAt: number,
): Promise<void> {
  const row = {
    endpoint_id: endpointId,
    at,
    role: inventory.role.role,
    agent_version: plainText(inventory.agent.version),
    body: JSON.stringify(inventory),
    places: JSON.stringify(placesOf(inventory.interfaces)),
    readiness: JSON.stringify({ ...inventory.agent.isolation, saidAt: receivedAt }),
  }
  await capabilities.putRows(tx, 'inventories', [row], { replaceWhere: ['endpoint_id'] })
}
