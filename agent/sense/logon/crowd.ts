import { minutes } from '#shared/domain/time.ts'

/** As many failures as of one source are an attack, from so many sources that none of them is one by itself. */
const manyFailures = 30
const manySources = 5
const windowMs = minutes(10)
/** A flood is seen from its first hundreds. */
const maxKept = 1_000

/** Failures from outside, whoever they come from: many machines that try a few times each. */
export class Crowd {
  #kept: { at: number; source: string }[] = []

  /** @param now monotonic ms. Answers whether it is an attack now. */
  fail(source: string, now: number): boolean {
    this.#kept.push({ at: now, source })
    if (this.#kept.length > maxKept) this.#kept = this.#kept.slice(-maxKept / 2)
    if (this.#kept.length < manyFailures) return false
    this.#kept = this.#kept.filter(({ at }) => at > now - windowMs)
    return this.#kept.length >= manyFailures && new Set(this.#kept.map((each) => each.source)).size >= manySources
  }
}
