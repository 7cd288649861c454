import type { LiveEvent } from '#shared/api/live.ts'
import type { Time } from '#shared/domain/time.ts'

/** Hints to whoever looks, sent after a commit. Losing one loses nothing: the tables are the truth. */
export interface LiveBus {
  publish(event: LiveEvent): void
  /** Returns what ends the subscription. */
  subscribe(listener: (event: LiveEvent) => void): () => void
}

export function createLiveBus(): LiveBus {
  const listeners = new Set<(event: LiveEvent) => void>()
  return {
    publish: (event) => {
      for (const listener of listeners) listener(event)
    },
    subscribe: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

/** The same hint about each of many endpoints. */
export const aboutEndpoints =
  (bus: Pick<LiveBus, 'publish'>, time: Time) =>
  (topic: LiveEvent['topic'], endpoints: readonly { endpointId: string; organisationId: string }[]): void => {
    for (const { endpointId, organisationId } of endpoints)
      bus.publish({ topic, id: endpointId, organisationId, endpointId, at: time.now() })
  }
