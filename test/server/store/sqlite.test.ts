import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import { afterAll, beforeEach, expect, it } from 'vitest'
import { openStore, type Store, type Tx } from '../../../server/store/store.ts'

// What only SQLite has: its writing connection lives in a thread, and statements are posted to it.

const folder = await mkdtemp(join(tmpdir(), 'tierline-sqlite-'))
let file: string
let store: Store
let files = 0

beforeEach(async () => {
  file = join(folder, `${++files}.db`)
  store = await openStore(`sqlite:${file}`)
  return () => store.close()
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const put = (tx: Tx, key: string, value: string | null = 'said') =>
  store.capabilities.putRows(tx, 'meta', [{ key, value: value as string }], 'ignore')
const keys = async () => (await store.db.selectFrom('meta').select('key').orderBy('key').execute()).map(({ key }) => key)
const write = (work: (tx: Tx) => Promise<unknown>) => store.db.transaction().execute(work)

it('fsyncs each commit', async () => {
  const settings = ['journal_mode', 'synchronous', 'wal_autocheckpoint'].map(
    async (name) => (await sql.raw(`pragma ${name}`).execute(store.db)).rows[0],
  )
  expect(await Promise.all(settings)).toEqual([{ journal_mode: 'wal' }, { synchronous: 2 }, { wal_autocheckpoint: 0 }])
})

it('fails a transaction by a posted row that can’t be kept, and says why', async () => {
  const failing = write(async (tx) => {
    await put(tx, 'good')
    await put(tx, 'bad', null)
  })
  await expect(failing).rejects.toMatchObject({
    message: 'NOT NULL constraint failed: meta.value',
    code: 'ERR_SQLITE_ERROR',
    errcode: 1299,
  })
  expect(await keys()).toEqual([])
})

it('fails it also where somebody hears of the error first and goes on', async () => {
  const heard: string[] = []
  const hear = (error: Error) => void heard.push(error.message)
  const failing = write(async (tx) => {
    await put(tx, 'bad', null)
    await tx.selectFrom('meta').selectAll().execute().catch(hear)
    await put(tx, 'after')
    await tx.selectFrom('meta').selectAll().execute().catch(hear)
  })
  await expect(failing).rejects.toThrow('NOT NULL')
  expect(heard).toHaveLength(2)
  expect(await keys()).toEqual([])
})

it('lets a transaction go on after a statement of its own that failed and was heard of', async () => {
  await write(async (tx) => {
    await put(tx, 'before')
    await expect(tx.insertInto('meta').values({ key: 'before', value: 'twice' }).execute()).rejects.toThrow('UNIQUE')
    await put(tx, 'after')
  })
  expect(await keys()).toEqual(['after', 'before'])
})

it('begins the next transaction while a commit is on its way, also when that one fails', async () => {
  const outcomes = await Promise.allSettled([
    write((tx) => put(tx, 'one')),
    write((tx) => put(tx, 'two', null)),
    write((tx) => put(tx, 'three')),
    write(async (tx) => {
      await put(tx, 'four')
      throw new Error('no')
    }),
    write((tx) => put(tx, 'five')),
  ])
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'rejected', 'fulfilled'])
  expect(await keys()).toEqual(['five', 'one', 'three'])
})

it('runs nobody else’s statement inside an open transaction', async () => {
  const { promise: mayEnd, resolve: end } = Promise.withResolvers<void>()
  const open = write(async (tx) => {
    await put(tx, 'mine')
    await tx.selectFrom('meta').selectAll().execute()
    await mayEnd
    throw new Error('no')
  })
  const other = store.db.insertInto('meta').values({ key: 'other', value: '' }).execute()
  await sleep(50)
  end()
  await expect(open).rejects.toThrow('no')
  await other
  expect(await keys()).toEqual(['other'])
})

it('lets others write while a transaction that is content with committed rows still reads', async () => {
  const seen: string[][] = []
  const read = async (tx: Tx) => void seen.push((await tx.selectFrom('meta').select('key').execute()).map(({ key }) => key))
  await store.db
    .transaction()
    .setIsolationLevel('read committed')
    .execute(async (tx) => {
      await read(tx)
      await write((other) => put(other, 'theirs'))
      await read(tx)
      await put(tx, 'ours')
      await read(tx)
    })
  expect(seen.map((each) => each.sort())).toEqual([[], ['theirs'], ['ours', 'theirs']])
  expect(await keys()).toEqual(['ours', 'theirs'])
})

it('keeps the event loop free while a commit waits', async () => {
  const stranger = new DatabaseSync(file)
  stranger.exec('begin immediate')
  const waiting = write((tx) => put(tx, 'late'))
  let turns = 0
  for (const until = performance.now() + 300; performance.now() < until; turns += 1) await sleep(5)
  stranger.exec('commit')
  stranger.close()
  await waiting
  expect(turns).toBeGreaterThan(20)
  expect(await keys()).toEqual(['late'])
})

it('carries SQLite’s own codes, so that a full disk is told from a bad row', async () => {
  const { rows } = await sql<{ page_count: number }>`pragma page_count`.execute(store.db)
  await sql`pragma max_page_count = ${sql.lit((rows[0]?.page_count ?? 0) + 10)}`.execute(store.db)
  const failing = write((tx) => put(tx, 'large', 'x'.repeat(100_000)))
  const error = await failing.catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ message: 'database or disk is full', errcode: 13 })
  expect(store.capabilities.isStoreTrouble(error)).toBe(true)
  await sql`pragma max_page_count = 100000`.execute(store.db)
  expect(await store.isWell()).toBe(true)
})

it('moves the log into the file beside the commits, so that it doesn’t grow without end', async () => {
  const row = (index: number) => ({ endpoint_id: `endpoint-${index}`, body: 'x'.repeat(4_000) })
  let longest = 0
  for (let at = 0; at < 100; at += 1) {
    const rows = Array.from({ length: 400 }, (_, index) => ({ ...row(index), at }))
    await write((tx) => store.capabilities.putRows(tx, 'samples', rows, 'ignore'))
    longest = Math.max(longest, (await stat(`${file}-wal`)).size)
  }
  expect((await stat(file)).size).toBeGreaterThan(100 * 1_048_576)
  expect(longest).toBeLessThan(128 * 1_048_576)
}, 60_000)

it('leaves one whole file behind', async () => {
  await write((tx) => put(tx, 'kept'))
  await store.close()
  await expect(stat(`${file}-wal`)).rejects.toThrow('ENOENT')
  store = await openStore(`sqlite:${file}`)
  expect(await keys()).toEqual(['kept'])
})

it('says which file is no database', async () => {
  const text = join(folder, 'notes.txt')
  await writeFile(text, 'not a database, but long enough to be looked at: '.repeat(100))
  await expect(openStore(`sqlite:${text}`)).rejects.toThrow(/^The database .*notes\.txt can't be opened: file is not a database\.$/)
})
