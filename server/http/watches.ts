import type { AgentWire } from '../wire/wire.ts'

/*
 * Enters: somebody looks at an endpoint, and looks away. Leaves: the wire hears of the first and of the last.
 * Promises: an endpoint is watched while at least one looks; the wire tells it again when it comes back meanwhile.
 */

export interface Watches {
  /** @returns what ends it; ending twice does nothing. */
  begin(endpointId: string): () => void
}

export function createWatches(wire: Pick<AgentWire, 'watch'>): Watches {
  const lookers = new Map<string, number>()

  const count = (endpointId: string, by: 1 | -1): void => {
    const before = lookers.get(endpointId) ?? 0
    const after = before + by
    if (after === 0) lookers.delete(endpointId)
    else lookers.set(endpointId, after)
    if ((before === 0) !== (after === 0)) wire.watch(endpointId, after > 0)
  }

  return {
    begin: (endpointId) => {
      count(endpointId, 1)
      let isOver = false
      return () => {
        if (isOver) return
        isOver = true
        count(endpointId, -1)
      }
    },
  }
}
