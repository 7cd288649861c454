import { randomUUIDv7 } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { columnsOf } from '#shared/domain/sample-columns.ts'
import { seconds } from '#shared/domain/time.ts'
import { openStore, type Store } from '../../server/store/store.ts'
import { storeUrl, suiteDatabase } from '../support/database.ts'
import { sampleAt, seeded } from '../swarm/readings.ts'
import { type Benchmark, type Figures, rounded } from './benchmark.ts'
import { copyIn } from './copy/copy-in.ts'

/*
 * How rows get into PostgreSQL fastest, 500 to a commit on one connection: one statement with all of them as JSON (what
 * the store does), COPY, and COPY into a table on the side from which they are put where they are not yet: a record that
 * comes twice is no error, and COPY alone makes it one.
 */

const rowsPerCommit = 500
type Table = 'signals' | 'samples'
type Row = Record<string, unknown>
type Put = (table: Table, rows: Row[]) => Promise<unknown>

export default {
  says: 'signals a second into PostgreSQL by COPY and an insert of what is new, against one statement with JSON (--database postgres)',
  run: async ({ isQuick }) => {
    if (suiteDatabase() !== 'postgres') throw new Error('This one is about PostgreSQL: say --database postgres.')
    const folder = await mkdtemp(join(tmpdir(), 'tierline-copy-'))
    const url = await storeUrl(folder)
    const store = await openStore(url)
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    try {
      return await compare(store, client, isQuick ? seconds(0.5) : seconds(4))
    } finally {
      await client.end()
      await store.close()
      await rm(folder, { recursive: true })
    }
  },
} satisfies Benchmark

async function compare(store: Store, client: pg.Client, forMs: number): Promise<Figures> {
  for (const table of ['signals', 'samples'])
    await client.query(`create temp table new_${table} (like ${table} including defaults) on commit delete rows`)
  await client.query('alter table new_signals alter column arrival drop not null')
  const ways: Record<string, Put> = {
    json: (table, rows) => store.db.transaction().execute((tx) => store.capabilities.putRows(tx, table, rows as never, 'ignore')),
    copy: (table, rows) => inTransaction(client, () => copyIn(client, table, rows)),
    copyAside: (table, rows) => inTransaction(client, () => putAside(client, table, rows)),
  }
  const rates: Record<string, number> = {}
  for (const table of ['signals', 'samples'] as const) {
    for (const [way, put] of Object.entries(ways)) {
      rates[`${table} ${way}`] = await rowsPerSecond(put, table, forMs)
      console.log(`${table}, ${way}: ${rates[`${table} ${way}`]} rows/s`)
    }
  }
  const [figure = 0, yardstick = 0] = [rates['signals copyAside'], rates['signals json']]
  return { figure, unit: 'rows/s', yardstick, ratio: rounded(figure / yardstick), ...rates }
}

async function putAside(client: pg.Client, table: Table, rows: Row[]): Promise<void> {
  const columns = Object.keys(rows[0] ?? {}).join(', ')
  await copyIn(client, `new_${table}`, rows)
  await client.query(`insert into ${table} (${columns}) select ${columns} from new_${table} on conflict do nothing`)
}

async function inTransaction(client: pg.Client, work: () => Promise<void>): Promise<void> {
  await client.query('begin')
  await work()
  await client.query('commit')
}

async function rowsPerSecond(put: Put, table: Table, forMs: number): Promise<number> {
  const random = seeded(1)
  const make = table === 'signals' ? signalRow : (count: number) => sampleRow(count, random)
  const batches = Array.from({ length: 4 }, (_, batch) =>
    Array.from({ length: rowsPerCommit }, (_none, row) => make(batch * rowsPerCommit + row)),
  )
  const startedAt = performance.now()
  let rows = 0
  while (performance.now() - startedAt < forMs) {
    for (const batch of batches) await put(table, batch.map(withNewKey))
    rows += batches.length * rowsPerCommit
  }
  return Math.round((rows * seconds(1)) / (performance.now() - startedAt))
}

const withNewKey = (row: Row): Row => ('id' in row ? { ...row, id: randomUUIDv7() } : { ...row, endpoint_id: randomUUIDv7() })

const signalRow = (count: number): Row => ({
  ...{ id: '', organisation_id: 'organisation-1', endpoint_id: `endpoint-${count % 100}`, source_id: null },
  ...{ kind: 'health.disk.full', severity: 'medium', state: 'raised', fingerprint: `disk-full:/var/${count}`, about: `/var/${count}` },
  ...{ summary: `/var/${count} is full`, facts: '{"freeBytes":1048576,"usedRatio":0.97}', evidence: '[]', detector: 'disk-full' },
  ...{ sensed_at: count, received_at: count, age_ms: 0, origin: 'sent' },
})

const sampleRow = (count: number, random: () => number): Row => {
  const samples = Array.from({ length: 6 }, (_, nth) => sampleAt(count * 60_000 + nth * 10_000, random))
  return { endpoint_id: '', at: count * 60_000, body: JSON.stringify(columnsOf(samples)[0]) }
}
