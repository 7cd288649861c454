import { hours } from '#shared/domain/time.ts'
import { BoundedMap } from './bounded-map.ts'

/** Failures of one source by the hour, over a day: what comes so rarely that ten minutes never hold enough of it. */
export interface SlowCount {
  /** By hour of the monotonic clock. */
  byHour: Map<number, number>
  userNames: Set<string>
}

/** A person who forgot a password has given up long before; a job with an old one is worth knowing too. */
const manyInADay = 50
/** A burst is the fast judge's; this is somebody who comes back. */
const leastHours = 3
const manyNamesInADay = 10
const maxSources = 500
const maxNames = 50

export class SlowFailures {
  readonly #sources = new BoundedMap<SlowCount>(maxSources)

  /** @param now monotonic ms. Answers the source's last day. */
  fail(source: string, userName: string | undefined, count: number, now: number): SlowCount {
    const slow = this.#sources.touch(source, () => ({ byHour: new Map(), userNames: new Set() }))
    const hour = Math.floor(now / hours(1))
    slow.byHour.set(hour, (slow.byHour.get(hour) ?? 0) + count)
    for (const old of slow.byHour.keys()) if (old <= hour - 24) slow.byHour.delete(old)
    if (userName !== undefined && slow.userNames.size < maxNames) slow.userNames.add(userName.slice(0, 100))
    return slow
  }

  get(source: string): SlowCount | undefined {
    return this.#sources.get(source)
  }

  /** Whoever got in under a name in the end was the person whose name it is: an office behind one address mistypes all day. */
  forgive(source: string, userName: string | undefined): void {
    const slow = this.#sources.get(source)
    if (!slow || userName === undefined) return
    slow.userNames.delete(userName.slice(0, 100))
    if (slow.userNames.size === 0) this.#sources.delete(source)
  }
}

export const slowFailures = ({ byHour }: SlowCount): number => [...byHour.values()].reduce((sum, count) => sum + count, 0)

/** Passwords are tried, or names are, an hour at a time. */
export function slowAttackOf(slow: SlowCount): 'bruteforce' | 'spray' | undefined {
  if (slow.byHour.size < leastHours) return undefined
  if (slow.userNames.size >= manyNamesInADay) return 'spray'
  return slowFailures(slow) >= manyInADay ? 'bruteforce' : undefined
}
