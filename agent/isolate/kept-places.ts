import type { NeighbourPlace } from '#shared/domain/neighbours.ts'
import { type Cancel, seconds, type Time } from '#shared/domain/time.ts'

/*
 * The few machines that are asked again and again. Enters: a list, in place of the one before. Leaves: a question to each, now and
 * every fifteen seconds. Promises: no more than three, and whoever is new on the list counts like any other question, so that a list
 * that changes all the time is no way to look around. On failure: who isn't asked has no "before".
 */

export interface KeptPlacesParts {
  time: Time
  /** Counts one machine that was not asked before. */
  mayAsk(): boolean
  ask(places: readonly NeighbourPlace[]): void
}

export interface KeptPlaces {
  become(places: readonly NeighbourPlace[]): void
  stop(): void
}

/** Two of them fit into the time for which an answer counts, and one may get lost. */
const everyMs = seconds(15)
const most = 3

export function keptPlaces({ time, mayAsk, ask }: KeptPlacesParts): KeptPlaces {
  let kept: readonly NeighbourPlace[] = []
  let next: Cancel | undefined

  const plan = (): void => {
    next = time.after(everyMs, () => {
      ask(kept)
      plan()
    })
  }
  return {
    become(places) {
      const isKnown = ({ address }: NeighbourPlace): boolean => kept.some((other) => other.address === address)
      const fresh = places.slice(0, most).filter((place) => !isKnown(place) && mayAsk())
      kept = [...places.slice(0, most).filter(isKnown), ...fresh]
      ask(fresh)
      if (!next && kept.length > 0) plan()
    },
    stop: () => next?.(),
  }
}
