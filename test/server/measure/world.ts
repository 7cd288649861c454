import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { vi } from 'vitest'
import type { Sample } from '#shared/domain/sample.ts'
import { columnsOf } from '#shared/domain/sample-columns.ts'
import { seconds } from '#shared/domain/time.ts'
import { type Measure, startMeasure } from '../../../server/measure/measure.ts'
import type { OpenSlots } from '../../../server/measure/open-slots.ts'
import { openStore, type Store, type Tx } from '../../../server/store/store.ts'
import { FakeTime } from '../../support/fake-time.ts'
import { startPostgres } from '../../support/postgres.ts'

export const databases = ['SQLite', 'PostgreSQL'] as const
type Database = (typeof databases)[number]

export async function startDatabases() {
  const postgres = await startPostgres()
  if (postgres.kind === 'unavailable') console.log(`Samples are kept on SQLite only: ${postgres.reason}`)
  return {
    has: (database: Database): boolean => database === 'SQLite' || postgres.kind === 'running',
    open: async (database: Database): Promise<World> => {
      const folder = await mkdtemp(join(tmpdir(), 'tierline-measure-'))
      const url = database === 'PostgreSQL' && postgres.kind === 'running' ? postgres.url : `sqlite:${join(folder, 'tierline.db')}`
      return openWorld(await openStore(url), folder)
    },
    stop: async () => {
      if (postgres.kind === 'running') await postgres.stop()
    },
  }
}

/** Samples are kept and rolled up in a database of its own, whose time a test moves. */
export interface World {
  store: Store
  time: FakeTime
  measure(): Measure
  /** As a new process finds it. */
  restart(open?: OpenSlots): Promise<void>
  keepIn(tx: Tx, endpointId: string, samples: readonly Sample[]): Promise<void>
  /** In one transaction, which is committed. */
  keep(endpointId: string, ...samples: Sample[]): Promise<void>
  marks(): Promise<number>
  /** Moves on until the database has caught up: its answers come in real time. */
  eventually(holds: () => Promise<void>): Promise<void>
  empty(): Promise<void>
  close(): Promise<void>
}

async function openWorld(store: Store, folder: string): Promise<World> {
  const time = new FakeTime()
  const start = (open?: OpenSlots) => startMeasure({ store, time, log: pino({ level: 'silent' }), ...(open && { open }) })
  const empty = async () => {
    for (const table of ['samples', 'rollups', 'rollups_due', 'inventories', 'software'] as const)
      await store.db.deleteFrom(table).execute()
  }
  await empty()
  let measure = start()
  const keepIn: World['keepIn'] = (tx, endpointId, samples) => {
    const from = { endpointId, organisationId: 'organisation-1', siteId: null, clockBehindMs: 0 }
    return measure.keepSamples(
      tx,
      columnsOf(samples).map((columns) => ({ from, columns })),
    )
  }
  return {
    ...{ store, time, keepIn, empty },
    measure: () => measure,
    restart: async (open) => {
      await measure.stop()
      measure = start(open)
    },
    keep: async (endpointId, ...samples) => {
      await store.db.transaction().execute((tx) => keepIn(tx, endpointId, samples))
      measure.samplesKept()
    },
    marks: async () => (await store.reader.selectFrom('rollups_due').select('at').execute()).length,
    eventually: (holds) =>
      vi.waitFor(
        async () => {
          await time.advance(seconds(30))
          await holds()
        },
        { interval: 5, timeout: 10_000 },
      ),
    close: async () => {
      await measure.stop()
      await store.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
