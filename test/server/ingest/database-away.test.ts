import { afterAll, describe, expect, it } from 'vitest'
import { createIngest, type Ingest } from '../../../server/ingest/ingest.ts'
import { openStore, type Store } from '../../../server/store/store.ts'
import { FakeTime } from '../../support/fake-time.ts'
import { startPostgres } from '../../support/postgres.ts'
import { rawSignal, signalRecord } from '../../support/raw-agent.ts'
import { frame, from } from './frames.ts'

const postgres = await startPostgres()
if (postgres.kind === 'unavailable') console.log(`A database that is away is not tried: ${postgres.reason}`)
afterAll(() => (postgres.kind === 'running' ? postgres.stop() : undefined))
const url = postgres.kind === 'running' ? postgres.url : ''

const ingestOn = (store: Store): Ingest => {
  const nothing = async () => undefined
  const keepers = { keepSamples: nothing, keepInventory: nothing, keepResults: nothing }
  return createIngest({ store, time: new FakeTime(), keepers, onCommitted: () => undefined })
}
const take = (ingest: Ingest, seq: number) => ingest.takeRecords(from, frame('signals', seq, signalRecord(rawSignal())))

describe.skipIf(postgres.kind === 'unavailable')('ingest beside a database that is away for a while', () => {
  it('goes on where the database is, and not where its silence left it', async () => {
    if (postgres.kind === 'unavailable') return
    const store = await openStore(url)
    try {
      await take(ingestOn(store), 1)
      const afterItsRestart = ingestOn(store)
      await postgres.crash()
      await expect(take(afterItsRestart, 2)).rejects.toThrow()
      await postgres.start()
      expect(await take(afterItsRestart, 2)).toEqual({ kind: 'taken', seq: 2, refused: [] })
    } finally {
      await store.close()
    }
  })

  it('is wrong about where an agent is once at most', async () => {
    const store = await openStore(url)
    try {
      const [one, other] = [ingestOn(store), ingestOn(store)]
      for (const seq of [1, 2, 3]) await take(one, seq)
      await take(other, 4)
      expect(await take(one, 5)).toMatchObject({ kind: 'gap', seq: 3 })
      expect(await take(one, 5)).toMatchObject({ kind: 'taken', seq: 5 })
    } finally {
      await store.close()
    }
  })
})
