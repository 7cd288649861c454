import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { seconds } from '#shared/domain/time.ts'
import { createIngest, type Ingest } from '../../../server/ingest/ingest.ts'
import { openStore, type Store } from '../../../server/store/store.ts'
import { storeUrl } from '../../support/database.ts'
import { FakeTime } from '../../support/fake-time.ts'
import { frame, from } from './frames.ts'

const nothing = async () => undefined
const keepers = { keepSamples: nothing, keepInventory: nothing, keepResults: nothing }
let folder: string
let store: Store
let time: FakeTime
let ingest: Ingest

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tierline-refused-'))
  store = await openStore(await storeUrl(folder))
  time = new FakeTime()
  ingest = createIngest({ store, time, keepers, onCommitted: () => undefined })
})
afterEach(async () => {
  await ingest.idle()
  await store.close()
  await rm(folder, { recursive: true, force: true })
})

it('keeps the newest thousand of what it refused of an endpoint', async () => {
  for (let nth = 0; nth < 3; nth += 1) {
    time.jump(1)
    await ingest.takeRecords(from, frame('signals', 1 + nth * 500, ...Array.from({ length: 500 }, () => 'nonsense')))
  }
  const kept = await store.db.selectFrom('refused_records').select('seq').orderBy('seq').execute()
  expect([kept.length, kept[0]?.seq, kept.at(-1)?.seq]).toEqual([1_000, 501, 1_500])
})

it('keeps no more than a hundred above that while few come at a time', async () => {
  const nonsense = (seq: number, count: number) => frame('signals', seq, ...Array.from({ length: count }, () => 'nonsense'))
  await ingest.takeRecords(from, nonsense(1, 1_000))
  let most = 0
  for (let seq = 1_001; seq <= 1_250; seq += 10) {
    time.jump(1)
    await ingest.takeRecords(from, nonsense(seq, 10))
    most = Math.max(most, (await store.db.selectFrom('refused_records').select('id').execute()).length)
  }
  expect(most).toBeGreaterThan(1_000)
  expect(most).toBeLessThanOrEqual(1_100)
})

it('tells of an endpoint’s refused records once a minute, however many come', async () => {
  const seen: [endpointId: string | null, lane: unknown][] = []
  for (const [nth, endpointId] of ['one', 'one', 'other', 'one'].entries()) {
    if (nth === 3) time.jump(seconds(60))
    const taken = await ingest.takeRecords(
      { ...from, endpointId },
      frame(nth === 1 ? 'security' : 'signals', nth === 3 ? 2 : 1, 'nonsense'),
    )
    expect(taken.refused).toHaveLength(1)
  }
  for (const { endpoint_id, facts } of await store.db.selectFrom('signals').selectAll().orderBy('arrival').execute())
    seen.push([endpoint_id, (JSON.parse(facts) as { lane?: unknown }).lane])
  expect(seen).toEqual([
    ['one', 'signals'],
    ['other', 'signals'],
    ['one', 'signals'],
  ])
  expect(await store.db.selectFrom('refused_records').select('id').execute()).toHaveLength(4)
})
