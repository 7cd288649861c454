/**
 * Frames of one agent: 2,000 a second for good, twice that at once. A spool that drains as fast as commits allow sends
 * about 1,200 frames of 50 records; nothing an honest agent does needs more.
 */
const framesPerMs = 2
const maxSaved = 4_000

/** A token bucket. */
export class Pace {
  #saved = maxSaved
  #at: number

  constructor(now: number) {
    this.#at = now
  }

  /** Takes one token, and says whether there was one. `now`: of the clock that never jumps. */
  take(now: number): boolean {
    this.#saved = Math.min(maxSaved, this.#saved + (now - this.#at) * framesPerMs) - 1
    this.#at = now
    return this.#saved >= 0
  }
}
