import type { LiveEvent } from '#shared/api/live.ts'
import { keys } from '../api/keys.ts'

type Key = readonly string[]

/** What a hint makes stale. Samples are read by the page that watches them, and by nobody else. */
export function staleBy(event: LiveEvent): Key[] {
  const endpoint = event.endpointId ? [keys.endpoint(event.endpointId)] : []
  switch (event.topic) {
    case 'ticket':
      return [keys.tickets, keys.ticket(event.id), keys.endpoints, ...endpoint]
    case 'endpoint':
      return [keys.endpoints, keys.endpoint(event.id)]
    case 'command':
      return [['ticket'], keys.endpoints, keys.command(event.id), ...endpoint]
    case 'bulk':
      return [keys.bulks, keys.bulk(event.id)]
    case 'progress':
      return [keys.command(event.id)]
    case 'sample':
      return []
  }
}

/**
 * Reads again what hints made stale, one round at a time: a storm of hints costs one reading after the other, a hint
 * that comes while a round runs is in the next, and none of them cuts off a reading that is under way.
 * @param reread resolves when what was stale has been read again.
 */
export function createRereader(reread: (key: Key) => Promise<unknown>): (stale: Key[]) => void {
  const waiting = new Map<string, Key>()
  let isReading = false

  const round = async (): Promise<void> => {
    isReading = true
    while (waiting.size > 0) {
      const stale = [...waiting.values()]
      waiting.clear()
      await Promise.allSettled(stale.map(reread))
    }
    isReading = false
  }
  return (stale) => {
    for (const key of stale) waiting.set(key.join('/'), key)
    if (!isReading && waiting.size > 0) void round()
  }
}
