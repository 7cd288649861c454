import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { createIngest } from '../../../server/ingest/ingest.ts'
import { openStore } from '../../../server/store/store.ts'
import { storeUrl } from '../../support/database.ts'
import { FakeTime } from '../../support/fake-time.ts'
import { frame, from } from './frames.ts'

const nothing = async () => undefined

it('keeps the newest thousand of what it refused of an endpoint', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tierline-refused-'))
  const store = await openStore(await storeUrl(folder))
  const time = new FakeTime()
  const keepers = { keepSamples: nothing, keepInventory: nothing, keepResult: nothing }
  const ingest = createIngest({ store, time, keepers, onCommitted: () => undefined })
  for (let nth = 0; nth < 3; nth += 1) {
    time.jump(1)
    await ingest.takeRecords(from, frame('signals', 1 + nth * 500, ...Array.from({ length: 500 }, () => 'nonsense')))
  }
  const kept = await store.db.selectFrom('refused_records').select('seq').orderBy('seq').execute()
  await ingest.idle()
  await store.close()
  await rm(folder, { recursive: true, force: true })
  expect([kept.length, kept[0]?.seq, kept.at(-1)?.seq]).toEqual([1_000, 501, 1_500])
})
