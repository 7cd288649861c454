import { seconds, type Time } from '#shared/domain/time.ts'
import type { Store } from '../store/store.ts'

/** How old a count may get. */
const staleMs = seconds(1)
/** It is not counted further: agents are as slow as they get long before. */
const enough = 100_000

/**
 * How many committed signals nobody has handled yet: what says that more come in than are decided. Counted anew, on the
 * reading connection, when somebody asks and the last count is old.
 * @returns the last count.
 */
export function countBacklog({ store, time }: { store: Store; time: Time }): () => number {
  let count = 0
  let countedAt = Number.NEGATIVE_INFINITY
  const look = async (): Promise<void> => {
    const some = store.reader.selectFrom('signals').select('arrival').where('handled_at', 'is', null).limit(enough)
    const counted = store.reader.selectFrom(some.as('some')).select(({ fn }) => fn.countAll<number | string>().as('rows'))
    count = Number((await counted.executeTakeFirstOrThrow()).rows)
  }
  return () => {
    if (time.monotonic() - countedAt > staleMs) {
      countedAt = time.monotonic()
      // A store in trouble is told of by whoever writes to it; meanwhile the last count stands.
      look().catch(() => undefined)
    }
    return count
  }
}
