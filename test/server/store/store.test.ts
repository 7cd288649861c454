import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Insertable, sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { prepareDataFolder } from '../../../server/store/data-folder.ts'
import type { Database } from '../../../server/store/schema.ts'
import { openStore, type Store, type Tx } from '../../../server/store/store.ts'
import { startPostgres } from '../../support/postgres.ts'

const folder = await mkdtemp(join(tmpdir(), 'tierline-store-'))
const postgres = await startPostgres()
if (postgres.kind === 'unavailable') console.log(`The store suite runs on SQLite only: ${postgres.reason}`)
const urls = [
  ['SQLite', `sqlite:${join(folder, 'tierline.db')}`],
  ['PostgreSQL', postgres.kind === 'running' ? postgres.url : undefined],
] as const

afterAll(async () => {
  if (postgres.kind === 'running') await postgres.stop()
  await rm(folder, { recursive: true, force: true })
})

const signal = (id: string): Insertable<Database['signals']> => ({
  id,
  organisation_id: 'organisation-1',
  endpoint_id: 'endpoint-1',
  source_id: null,
  kind: 'health.disk.full',
  severity: 'medium',
  state: 'raised',
  fingerprint: 'disk-full:/var',
  about: '/var',
  summary: 'It’s "full" – 90 %',
  facts: JSON.stringify({ text: 'a\u0000b', list: ['ä'] }),
  evidence: '[]',
  detector: 'disk-full',
  sensed_at: 1_795_000_000_000,
  received_at: 1_795_000_000_001,
  age_ms: 1,
  origin: 'sent',
  handled_at: null,
  outcome: null,
  ticket_id: null,
})

for (const [name, url] of urls) {
  describe.skipIf(url === undefined)(`the store on ${name}`, () => {
    let store: Store
    beforeAll(async () => {
      store = await openStore(url ?? '')
    })
    afterAll(() => store?.close())

    const put = (rows: Insertable<Database['signals']>[]) =>
      store.db.transaction().execute((tx) => store.capabilities.putRows(tx, 'signals', rows, 'ignore'))

    it('keeps what it was given, in the order of arrival, and ignores what is there already', async () => {
      await put([signal('b'), signal('a')])
      await put([signal('b'), signal('c')])
      const rows = await store.db.selectFrom('signals').selectAll().orderBy('arrival').execute()
      expect(rows.map((row) => row.id)).toEqual(['b', 'a', 'c'])
      expect(rows[0]).toMatchObject(signal('b'))
    })

    it('overwrites by the key that is named', async () => {
      const cursor = (seq: number) => ({ endpoint_id: 'endpoint-1', epoch: 'epoch-1', lane: 'signals' as const, seq, moved_at: seq })
      const replaceWhere = ['endpoint_id', 'epoch', 'lane']
      for (const seq of [1, 7]) {
        await store.db.transaction().execute((tx) => store.capabilities.putRows(tx, 'cursors', [cursor(seq)], { replaceWhere }))
      }
      expect(await store.reader.selectFrom('cursors').selectAll().execute()).toEqual([cursor(7)])
    })

    it('changes many rows by their keys at once, and claims all of them or none', async () => {
      const { updateRows, claimRows } = store.capabilities
      const how = { set: ['outcome', 'handled_at'], by: 'id' }
      const within = (work: (tx: Tx) => Promise<void>) => store.db.transaction().execute(work)
      const to = (at: number, ...ids: string[]) => ids.map((id) => ({ id, outcome: 'record' as const, handled_at: at }))
      const claim = (rows: ReturnType<typeof to>) =>
        within((tx) => claimRows(tx, 'signals', rows, { ...how, whileNull: 'handled_at', otherwise: 'It was claimed before.' }))
      await claim([])
      await claim(to(1, 'a', 'b'))
      await expect(claim(to(2, 'b', 'c'))).rejects.toThrow('It was claimed before.')
      await expect(claim(to(2, 'c', 'nobody'))).rejects.toThrow('It was claimed before.')
      await within((tx) => updateRows(tx, 'signals', [], how))
      await within((tx) => updateRows(tx, 'signals', to(3, 'b', 'nobody'), how))
      const rows = await store.db.selectFrom('signals').select(['id', 'outcome', 'handled_at', 'kind']).orderBy('id').execute()
      const kept = (id: string, at: number) => ({ id, outcome: 'record', handled_at: at, kind: 'health.disk.full' })
      expect(rows).toEqual([kept('a', 1), kept('b', 3), { ...kept('c', 0), outcome: null, handled_at: null }])
    })

    it('gives integers back as numbers', async () => {
      const row = await store.db
        .selectFrom('signals')
        .select((has) => ['received_at', has.fn.countAll<number>().over().as('count')])
        .executeTakeFirstOrThrow()
      expect(row).toEqual({ received_at: 1_795_000_000_001, count: 3 })
    })

    it('rolls a failed transaction back whole', async () => {
      const failing = store.db.transaction().execute(async (tx) => {
        await store.capabilities.putRows(tx, 'meta', [{ key: 'half', value: 'done' }], 'ignore')
        throw new Error('no')
      })
      await expect(failing).rejects.toThrow('no')
      expect(await store.db.selectFrom('meta').selectAll().where('key', '=', 'half').execute()).toEqual([])
    })

    it('reads on a connection that can’t write and sees each commit', async () => {
      await store.db.insertInto('meta').values({ key: 'seen', value: 'yes' }).execute()
      expect(await store.reader.selectFrom('meta').select('value').where('key', '=', 'seen').execute()).toEqual([{ value: 'yes' }])
      await expect(store.reader.insertInto('meta').values({ key: 'x', value: 'y' }).execute()).rejects.toThrow(/read-?only/)
      expect(await store.reader.selectFrom('meta').select('key').execute()).toHaveLength(1)
      expect(await store.deskReader.selectFrom('meta').select('key').execute()).toHaveLength(1)
    })

    it('opens again without migrating twice', async () => {
      const again = await openStore(url ?? '')
      expect(await again.reader.selectFrom('meta').select('value').execute()).toEqual([{ value: 'yes' }])
      await again.close()
    })

    it('catches up with what landed after something of a higher number', async () => {
      const { db } = store
      await sql`drop table standing_commands`.execute(db)
      await sql`drop table standing_orders`.execute(db)
      await sql`delete from kysely_migration where name = '0052-standing-orders'`.execute(db)
      const again = await openStore(url ?? '')
      expect(await again.reader.selectFrom('standing_orders').selectAll().execute()).toEqual([])
      await again.close()
    })

    it('tells its own trouble from that of a row', async () => {
      const { isStoreTrouble } = store.capabilities
      const row = { key: 'twice', value: '' }
      const put = () => store.db.insertInto('meta').values(row).execute()
      await put()
      expect(isStoreTrouble(await put().catch((error: unknown) => error))).toBe(false)
      expect(isStoreTrouble(new TypeError('a mistake of ours'))).toBe(false)
      const full = Object.assign(new Error('no room'), name === 'SQLite' ? { errcode: 13 } : { code: '53100' })
      expect(isStoreTrouble(full)).toBe(true)
    })
  })
}

describe('what can’t be opened', () => {
  it('says which folder can’t be written', async () => {
    const file = join(folder, 'a-file')
    await writeFile(file, '')
    expect(() => prepareDataFolder(join(file, 'data'))).toThrow(
      /^The data folder .*a-file\/data can't be written .* choose another with --data\.$/,
    )
  })

  it.runIf(process.platform === 'linux')('comes back also from a file system that has no folders of ours', () => {
    expect(() => prepareDataFolder('/proc/tierline/data')).toThrow(/can't be written/)
  })

  it('makes the folder and the file for their owner only', async () => {
    const data = join(folder, 'private')
    prepareDataFolder(data)
    const store = await openStore(`sqlite:${join(data, 'tierline.db')}`)
    expect([(await stat(data)).mode & 0o777, (await stat(join(data, 'tierline.db'))).mode & 0o777]).toEqual([0o700, 0o600])
    await store.close()
  })

  it('names a database that can’t be reached, without its password', async () => {
    const error = await openStore('postgres://someone:hunter2@127.0.0.1:1/tierline').catch((thrown: Error) => thrown)
    expect((error as Error).message).toMatch(/^The database at 127\.0\.0\.1:1\/tierline can't be reached/)
    expect((error as Error).message).not.toContain('hunter2')
  })

  it('refuses a URL of another kind', async () => {
    await expect(openStore('mysql://x')).rejects.toThrow('The database must be "sqlite" or a URL')
  })
})

describe.skipIf(postgres.kind !== 'running')('a connection to PostgreSQL that is lost', () => {
  it('between two statements fails its transaction, and nothing else', async () => {
    await using store = await disposable(postgres.kind === 'running' ? postgres.url : '')
    const lost = store.db.transaction().execute(async (tx) => {
      const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(tx)
      await sql`select pg_terminate_backend(${rows[0]?.pid})`.execute(store.db)
      await new Promise((resolve) => setTimeout(resolve, 200))
      await sql`select 1`.execute(tx)
    })
    await expect(lost).rejects.toThrow()
    expect(await store.isWell()).toBe(true)
  })
})

async function disposable(url: string): Promise<Store & AsyncDisposable> {
  const store = await openStore(url)
  return { ...store, [Symbol.asyncDispose]: store.close }
}
