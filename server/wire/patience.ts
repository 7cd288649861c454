import { seconds } from '#shared/domain/time.ts'
import { Pace } from './pace.ts'

/*
 * Records that must be refused cost more than good ones: each is kept as it came and told. An honest agent hardly ever
 * has one; of another we read, once it has had its share, only as fast as this. Kept by endpoint, so that dialling anew
 * earns nothing. Meets: an enrolled agent gone bad, whose nonsense is to hold everybody else up.
 */

const refusals = { perSecond: 100, atOnce: 500 }
/** So many bytes cost as much to read as a refusal costs. */
const bytesOfRefusal = 8_192
/** Below what makes a socket look half-open. */
const longestPauseMs = seconds(10)

export class Patience {
  readonly #paces = new Map<string, Pace>()

  /** @param frame in which so many records were refused. @returns for how many milliseconds nothing more is read of this endpoint. */
  tire(endpointId: string, frame: { refused: number; bytes: number }, now: number): number {
    const pace = this.#paces.get(endpointId) ?? new Pace(refusals, now)
    this.#paces.set(endpointId, pace)
    return Math.min(longestPauseMs, pace.spend(Math.max(frame.refused, frame.bytes / bytesOfRefusal), now))
  }
}
