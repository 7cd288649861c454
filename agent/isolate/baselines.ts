import { type Cancel, seconds, type Time } from '#shared/domain/time.ts'
import { knock, type Place } from './knock.ts'
import type { Witness } from './prove.ts'

/*
 * Who answers now, asked again and again while the machine is open, so that an isolation has its "before" without waiting for it.
 * Enters: places that may answer. Leaves: those that did in the last seconds. Promises: three small packets every five seconds at
 * most, to the gateway, to neighbours, and to the address that the policy names. On failure: none, and the proof says so.
 */

export interface BaselinesParts {
  findPlaces: () => Promise<Place[]>
  time: Time
}

const everyMs = seconds(5)
/** A silence now proves something only about who answered this recently. */
const freshForMs = seconds(12)
const answerWithinMs = 250
/** Enough for one to go to sleep between. */
const wanted = 3
/** Who there is changes seldom; where one is silent, it is looked for at once. */
const findEveryMs = seconds(30)

export class Baselines {
  readonly #parts: BaselinesParts
  #answered: (Witness & { at: number })[] = []
  #found: { places: Place[]; at: number } | undefined
  #next: Cancel | undefined
  #askedAt = Number.NEGATIVE_INFINITY
  #isStopped = false

  constructor(parts: BaselinesParts) {
    this.#parts = parts
  }

  /** Asks from now on; at once, unless that was done a moment ago: kernels answer a few such questions in a row and no more. */
  keepWarm(): void {
    const { time } = this.#parts
    const dueInMs = this.#askedAt + everyMs - time.monotonic()
    if (dueInMs > 0) this.#plan(dueInMs)
    else this.#askAgain()
  }

  /** While the machine is closed nobody may be asked. */
  pause(): void {
    this.#next?.()
    this.#next = undefined
  }

  stop(): void {
    this.#isStopped = true
    this.pause()
  }

  fresh(): Witness[] {
    const since = this.#parts.time.monotonic() - freshForMs
    return this.#answered.filter(({ at }) => at >= since).map(({ place, before }) => ({ place, before }))
  }

  #askAgain(): void {
    if (this.#isStopped) return
    this.#askedAt = this.#parts.time.monotonic()
    this.#plan(everyMs)
    this.#ask().catch(() => {
      this.#answered = []
    })
  }

  #plan(afterMs: number): void {
    this.#next?.()
    if (!this.#isStopped) this.#next = this.#parts.time.after(afterMs, () => this.#askAgain())
  }

  /** Those that answered last are asked first; the rest fill up what is missing. Each counts as soon as it has answered. */
  async #ask(): Promise<void> {
    const { time } = this.#parts
    const found = await this.#find()
    const last = this.#answered.map(({ place }) => place).filter((place) => found.some((other) => isSame(other, place)))
    const places = [...last, ...found.filter((place) => !last.some((other) => isSame(other, place)))].slice(0, wanted)
    this.#answered = this.#answered.filter((known) => places.some((place) => isSame(known.place, place)))
    await Promise.all(
      places.map(async (place) => {
        const before = await knock(place, { time, timeoutMs: answerWithinMs })
        const others = this.#answered.filter((other) => !isSame(other.place, place))
        this.#answered = before.kind === 'answered' ? [...others, { place, before, at: time.monotonic() }] : others
        if (before.kind !== 'answered') this.#found = undefined
      }),
    )
  }

  async #find(): Promise<Place[]> {
    const now = this.#parts.time.monotonic()
    if (this.#found && this.#found.places.length > 0 && now - this.#found.at < findEveryMs) return this.#found.places
    this.#found = { places: await this.#parts.findPlaces(), at: now }
    return this.#found.places
  }
}

const isSame = (one: Place, other: Place): boolean =>
  one.protocol === other.protocol && one.address === other.address && one.port === other.port
