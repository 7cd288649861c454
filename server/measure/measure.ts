/*
 * Enters: samples and inventories, inside ingest's transaction. Leaves: rows that charts and rules read. Promises: it
 * is the only writer of samples and inventories; the same sample twice is one; raw samples end after 7 days, in bites
 * so small that nobody waits for them. On failure: ingest's commit fails as a whole; a failed sweep is logged and
 * tried again an hour later.
 */
import type { Logger } from 'pino'
import { sentenceOf } from '#shared/domain/fault.ts'
import type { Inventory } from '#shared/domain/inventory.ts'
import { plainText } from '#shared/domain/plain-text.ts'
import type { Sample } from '#shared/domain/sample.ts'
import { type Cancel, hours, type Time } from '#shared/domain/time.ts'
import type { Store, Tx } from '../store/store.ts'
import { sweepSamples } from './sweep.ts'

const sweepEveryMs = hours(1)

export interface Measure {
  keepSamples(tx: Tx, endpointId: string, samples: readonly Sample[]): Promise<void>
  keepInventory(tx: Tx, endpointId: string, at: number, inventory: Inventory): Promise<void>
  /** Ends the hourly sweep, after the bite it is in. */
  stop(): Promise<void>
}

export function startMeasure({ store, time, log }: { store: Store; time: Time; log: Logger }): Measure {
  const stopping = new AbortController()
  let sweeping = Promise.resolve()
  const sweep = async () => {
    try {
      const deleted = await sweepSamples({ store, time, stop: stopping.signal })
      if (deleted > 0) log.info({ deleted }, 'old samples deleted')
    } catch (error) {
      log.error({ reason: sentenceOf(error) }, 'old samples could not be deleted')
    }
    plan()
  }
  let cancel: Cancel = () => undefined
  const plan = () => {
    if (stopping.signal.aborted) return
    cancel = time.after(sweepEveryMs, () => {
      sweeping = sweep()
    })
  }
  plan()
  return {
    keepSamples: (tx, endpointId, samples) => keepSamples(tx, store, endpointId, samples),
    keepInventory: (tx, endpointId, at, inventory) => keepInventory(tx, store, endpointId, at, inventory),
    stop: async () => {
      cancel()
      stopping.abort()
      await sweeping
    },
  }
}

async function keepSamples(tx: Tx, { capabilities }: Store, endpointId: string, samples: readonly Sample[]): Promise<void> {
  const rows = samples.map((sample) => ({ endpoint_id: endpointId, at: sample.at, body: JSON.stringify(sample) }))
  await capabilities.putRows(tx, 'samples', rows, 'ignore')
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
