/** So many a second for good, and so many at once. */
export interface Rate {
  perSecond: number
  atOnce: number
}

/** Of one agent. A spool that drains as fast as commits allow sends about 1,200 of 50 records; nothing an honest agent does needs more. */
export const frameRate: Rate = { perSecond: 2_000, atOnce: 4_000 }

/** A token bucket that may be overdrawn. */
export class Pace {
  readonly #rate: Rate
  #saved: number
  #at: number

  constructor(rate: Rate, now: number) {
    this.#rate = rate
    this.#saved = rate.atOnce
    this.#at = now
  }

  /** @param now of the clock that never jumps. @returns the milliseconds after which what was spent will have been earned; 0: it was there. */
  spend(count: number, now: number): number {
    const { perSecond, atOnce } = this.#rate
    this.#saved = Math.min(atOnce, this.#saved + ((now - this.#at) * perSecond) / 1_000) - count
    this.#at = now
    return Math.max(0, (-this.#saved / perSecond) * 1_000)
  }
}
