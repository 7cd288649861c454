/*
 * Enters: samples and inventories, inside ingest's transaction. Leaves: rows that charts and rules read: raw samples,
 * their roll-ups by five minutes and by the hour (roll-up.ts), the latest inventory. Promises: it is the only writer of
 * its tables; the same sample twice is one; each step ends after its time (shared/domain/rollup.ts), in bites so small
 * that nobody waits for them. On failure: ingest's commit fails as a whole; a job that fails is logged and tried again.
 */
import type { Logger } from 'pino'
import type { Inventory } from '#shared/domain/inventory.ts'
import { plainText } from '#shared/domain/plain-text.ts'
import type { Sample } from '#shared/domain/sample.ts'
import { hours, seconds, type Time } from '#shared/domain/time.ts'
import type { Store, Tx } from '../store/store.ts'
import { startJob } from './job.ts'
import { markSlots, rollUp } from './roll-up.ts'
import { sweep } from './sweep.ts'

const rollUpEveryMs = seconds(30)
const sweepEveryMs = hours(1)

export interface Measure {
  keepSamples(tx: Tx, endpointId: string, samples: readonly Sample[]): Promise<void>
  keepInventory(tx: Tx, endpointId: string, at: number, inventory: Inventory): Promise<void>
  /** Ends both jobs, each after the bite it is in. */
  stop(): Promise<void>
}

export function startMeasure({ store, time, log }: { store: Store; time: Time; log: Logger }): Measure {
  const jobs = [
    startJob({ name: 'roll-up', everyMs: rollUpEveryMs, time, log, run: (stop) => rollUp({ store, time, stop }) }),
    startJob({ name: 'sweep', everyMs: sweepEveryMs, time, log, run: (stop) => sweep({ store, time, stop }) }),
  ]
  return {
    keepSamples: (tx, endpointId, samples) => keepSamples(tx, store, endpointId, samples, time.now()),
    keepInventory: (tx, endpointId, at, inventory) => keepInventory(tx, store, endpointId, at, inventory),
    stop: async () => {
      await Promise.all(jobs.map((job) => job.stop()))
    },
  }
}

async function keepSamples(tx: Tx, store: Store, endpointId: string, samples: readonly Sample[], now: number): Promise<void> {
  const rows = samples.map((sample) => ({ endpoint_id: endpointId, at: sample.at, body: JSON.stringify(sample) }))
  await store.capabilities.putRows(tx, 'samples', rows, 'ignore')
  const instants = samples.map(({ at }) => at)
  await markSlots(tx, store, endpointId, instants, now)
}

async function keepInventory(tx: Tx, { capabilities }: Store, endpointId: string, at: number, inventory: Inventory): Promise<void> {
  const row = {
    endpoint_id: endpointId,
    at,
    role: inventory.role.role,
    agent_version: plainText(inventory.agent.version),
    body: JSON.stringify(inventory),
  }
  await capabilities.putRows(tx, 'inventories', [row], { replaceWhere: ['endpoint_id'] })
}
