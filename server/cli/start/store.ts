import { type CollectorConfig, storeUrlOf } from '../../config.ts'
import { openStore, type Store } from '../../store/store.ts'

/** Work on the store of a collector that may be running beside it. */
export async function withStore<Result>(config: CollectorConfig, work: (store: Store) => Promise<Result>): Promise<Result> {
  const store = await openStore(storeUrlOf(config))
  try {
    return await work(store)
  } finally {
    await store.close()
  }
}
