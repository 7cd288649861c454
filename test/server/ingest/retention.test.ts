import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { days } from '#shared/domain/time.ts'
import { endOld } from '../../../server/ingest/retention.ts'
import { openStore, type Store } from '../../../server/store/store.ts'
import { storeUrl } from '../../support/database.ts'

const now = days(1_000)
const never = new AbortController().signal
let folder: string
let store: Store

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tierline-retention-'))
  store = await openStore(await storeUrl(folder))
  const endpoint = { organisation_id: 'acme', site_id: null, platform: 'linux', confirmed_role: null, enrolled_at: 0 } as const
  await put('endpoints', [
    { ...endpoint, id: 'a', hostname: 'a', removed_at: null },
    { ...endpoint, id: 'b', hostname: 'b', removed_at: now - 1 },
  ])
})
afterEach(async () => {
  await store.close()
  await rm(folder, { recursive: true, force: true })
})
const put: (...row: [Parameters<Store['capabilities']['putRows']>[1], Record<string, unknown>[]]) => Promise<void> = (table, rows) =>
  store.db.transaction().execute((tx) => store.capabilities.putRows(tx, table, rows as never, 'ignore'))

const cursor = (epoch: string, moved_at: number | null, differs = {}) => ({
  ...{ endpoint_id: 'a', epoch, lane: 'signals', seq: 1, moved_at },
  ...differs,
})
const epochs = async (id = 'a') =>
  (await store.db.selectFrom('cursors').select('epoch').distinct().where('endpoint_id', '=', id).orderBy('epoch').execute()).map(
    ({ epoch }) => epoch,
  )

it('ends the cursors of epochs that are over for 400 days, and never those of the newest', async () => {
  await put('cursors', [
    cursor('oldest', now - days(401)),
    cursor('half-old', now - days(401)),
    cursor('half-old', now - days(399), { lane: 'samples' }),
    cursor('newest', now - days(398)),
    cursor('alone', now - days(900), { endpoint_id: 'b' }),
  ])
  expect(await endOld(store, now, never)).toBe(1)
  expect(await epochs()).toEqual(['half-old', 'newest'])
  expect(await epochs('b')).toEqual(['alone'])
})

it('counts a cursor of which nobody wrote down when it moved from now on', async () => {
  await put('cursors', [cursor('before', null), cursor('after', now)])
  await endOld(store, now, never)
  expect(await epochs()).toEqual(['after', 'before'])
  await endOld(store, now + days(401), never)
  expect(await epochs()).toHaveLength(1)
})

it('keeps a hundred epochs and a thousand conditions of one machine, the newest, whatever it does', async () => {
  const two = (nth: number): string => String(nth).padStart(4, '0')
  await put(
    'cursors',
    Array.from({ length: 150 }, (_, nth) => cursor(two(nth), now - nth)),
  )
  const condition = (nth: number) => ({ endpoint_id: 'a', fingerprint: two(nth), lane: 'signals', signal: '{}', raised_at: now - nth })
  await put(
    'conditions',
    Array.from({ length: 1_700 }, (_, nth) => condition(nth)),
  )
  expect(await endOld(store, now, never)).toBe(50 + 700)
  expect(await epochs()).toEqual(Array.from({ length: 100 }, (_, nth) => two(nth)))
  const kept = await store.db.selectFrom('conditions').select('fingerprint').orderBy('fingerprint').execute()
  expect([kept.length, kept.at(-1)?.fingerprint]).toEqual([1_000, '0999'])
})

it('ends gaps and refused records of 400 days, and what was true of a machine that was removed', async () => {
  const place = { endpoint_id: 'a', epoch: 'epoch-one', lane: 'samples' }
  const gap = (id: string, noticed_at: number) => ({ ...place, id, from_seq: 1, to_seq: 2, why: '', noticed_at })
  const refused = (id: string, received_at: number) => ({ ...place, id, seq: 1, reason: '', raw: '', received_at })
  await put('gaps', [gap('old', now - days(400) - 1), gap('kept', now - days(400))])
  await put('refused_records', [refused('old', now - days(400) - 1), refused('kept', now - days(400))])
  const condition = { fingerprint: 'f', lane: 'signals', signal: '{}', raised_at: 0 }
  await put('conditions', [
    { ...condition, endpoint_id: 'a' },
    { ...condition, endpoint_id: 'b' },
  ])
  expect(await endOld(store, now, never)).toBe(3)
  for (const table of ['gaps', 'refused_records'] as const)
    expect(await store.db.selectFrom(table).select('id').execute()).toEqual([{ id: 'kept' }])
  expect(await store.db.selectFrom('conditions').select('endpoint_id').execute()).toEqual([{ endpoint_id: 'a' }])
})

it('ends gaps after the days that their organisation keeps what is over', async () => {
  const organisation = { id: 'acme', name: 'acme', mode: 'live', plan: 'standard', time_zone: 'UTC', created_at: 0, kept_days: 30 }
  await put('organisations', [organisation])
  const gap = { endpoint_id: 'a', epoch: 'e', lane: 'signals', from_seq: 1, to_seq: 2, why: 'full' }
  await put('gaps', [
    { ...gap, id: 'over', noticed_at: now - days(31) },
    { ...gap, id: 'kept', noticed_at: now - days(29) },
  ])
  expect(await endOld(store, now, never)).toBe(1)
  expect(await store.db.selectFrom('gaps').select('id').execute()).toEqual([{ id: 'kept' }])
})
