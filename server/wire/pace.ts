/** So many a second for good, and so many at once. */
export interface Rate {
  perSecond: number
  atOnce: number
}

/** Of one agent. A spool that drains as fast as commits allow sends about 1,200 of 50 records; nothing an honest agent does needs more. */
export const frameRate: Rate = { perSecond: 2_000, atOnce: 4_000 }

/** A token bucket that may be overdrawn. `now` is of the clock that never jumps, in milliseconds. */
export class Pace {
  readonly #rate: Rate
  #saved: number
  #at: number

  constructor(rate: Rate, now: number) {
    this.#rate = rate
    this.#saved = rate.atOnce
    this.#at = now
  }

  /** @returns the milliseconds after which what was spent will have been earned; 0: it was there. */
  spend(count: number, now: number): number {
    this.#saved = this.saved(now) - count
    this.#at = now
    return this.debtMs(now)
  }

  /** What may be spent at once; below 0: overdrawn. */
  saved(now: number): number {
    const { perSecond, atOnce } = this.#rate
    return Math.min(atOnce, this.#saved + ((now - this.#at) * perSecond) / 1_000)
  }

  debtMs(now: number): number {
    return Math.max(0, (-this.saved(now) / this.#rate.perSecond) * 1_000)
  }
}
