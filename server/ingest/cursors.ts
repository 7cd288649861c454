import DataLoader from 'dataloader'
import { type Selectable, sql } from 'kysely'
import { plainText } from '#shared/domain/plain-text.ts'
import type { Lane } from '#shared/protocol/record.ts'
import type { Database } from '../store/schema.ts'
import type { Store } from '../store/store.ts'
import { type Batch, cursorKey, type Job } from './batch.ts'

/*
 * How far each epoch's lanes are committed. Nobody but ingest writes that, one commit after the other; so what a commit
 * wrote is remembered, and the next one needn't wait for the store to say it again.
 */
export interface Cursors {
  /** Puts those that these jobs need into the batch, as copies. */
  load(batch: Batch, jobs: readonly Job[]): Promise<void>
  /** The batch is committed. */
  committed(batch: Batch): void
  /** Nobody knows what became of the batch. */
  forget(batch: Batch): void
  /** An agent goes on behind what is remembered: if that is wrong, it is wrong once only. */
  doubt(job: Job): void
}

type Place = { endpoint_id: string; epoch: string }
type Lanes = Partial<Record<Lane, number>>

/** Some kilobytes each thousand; a fleet fits. */
const maxRemembered = 20_000

export function rememberCursors(store: Store): Cursors {
  const remembered = new Map<string, Lanes>()

  const read = async (wanted: readonly Place[]): Promise<void> => {
    // First the answer: a store that is away must not be remembered as one that has nothing.
    const rows = await rowsAt(wanted, store)
    for (const place of wanted) remembered.set(placeKey(place), {})
    for (const row of rows) Object.assign(remembered.get(placeKey(row)) ?? {}, { [row.lane]: row.seq })
  }
  /** Those used last are forgotten last. */
  const recall = (key: string): Lanes => {
    const lanes = remembered.get(key) ?? {}
    remembered.delete(key)
    remembered.set(key, lanes)
    return lanes
  }
  const trim = (): void => {
    for (const key of remembered.keys()) {
      if (remembered.size <= maxRemembered) return
      remembered.delete(key)
    }
  }
  return {
    async load(batch, jobs) {
      const wanted = placesOf(jobs)
      const unknown = [...wanted].flatMap(([key, place]) => (remembered.has(key) ? [] : [place]))
      // Those of these epochs alone, not of older ones too: an agent may begin as many as it likes.
      if (unknown.length > 0) await read(unknown)
      for (const [key, place] of wanted) {
        for (const [lane, seq] of Object.entries(recall(key)) as [Lane, number][]) {
          const row = { ...place, lane, seq }
          batch.cursors.set(cursorKey(row), row)
        }
      }
      trim()
    },
    committed(batch) {
      for (const row of batch.moved) recall(placeKey(row))[row.lane] = row.seq
    },
    forget(batch) {
      for (const row of batch.moved) remembered.delete(placeKey(row))
    },
    doubt(job) {
      for (const key of placesOf([job]).keys()) remembered.delete(key)
    },
  }
}

/** What the store says, for those that come back; those of one moment share a query. */
export const cursorLookup = (store: Store): DataLoader<Place, Lanes> =>
  new DataLoader(
    async (places) => {
      const found = Map.groupBy(await rowsAt(places, store), placeKey)
      return places.map((place) => Object.fromEntries(found.get(placeKey(place))?.map(({ lane, seq }) => [lane, seq]) ?? []))
    },
    { cache: false, maxBatchSize: 200, batchScheduleFn: setImmediate },
  )

async function rowsAt(places: readonly Place[], { db, capabilities }: Store): Promise<Selectable<Database['cursors']>[]> {
  const { rows } = await sql<Selectable<Database['cursors']>>`
    select cursors.* from ${capabilities.listed({ endpoint_id: 'text', epoch: 'text' }, [...places])} as wanted cross join cursors
    where cursors.endpoint_id = wanted.endpoint_id and cursors.epoch = wanted.epoch`.execute(db)
  return rows
}

const placeKey = ({ endpoint_id, epoch }: Place): string => `${endpoint_id} ${epoch}`

/** By `placeKey`, each once. */
function placesOf(jobs: readonly Job[]): Map<string, Place> {
  const places = new Map<string, Place>()
  for (const job of jobs) {
    if (job.kind === 'signals') continue
    const place = { endpoint_id: job.from.endpointId, epoch: plainText(job.epoch) }
    places.set(placeKey(place), place)
  }
  return places
}
