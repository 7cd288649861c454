import { seconds, type Time } from '#shared/domain/time.ts'
import { maxRecordBytes } from '#shared/protocol/limits.ts'
import { Pace } from './pace.ts'

/*
 * Records that must be refused cost more than good ones: each is kept as it came and told. An honest agent hardly ever
 * has one. Whoever had one a moment ago is read frame by frame, and all such agents together take turns, with a rest after
 * each that is a multiple of what it cost; whoever has many is also read only as fast as this, and nobody of them in
 * frames larger than any honest one. Kept by endpoint, so that dialling anew earns nothing. Meets: enrolled agents gone
 * bad, whose nonsense is to hold everybody else up.
 */

const refusals = { perSecond: 100, atOnce: 100 }
const tiredForMs = seconds(10)
/** Agents of ours make no larger frame than that of their largest record. */
export const maxBytesWhileTired = maxRecordBytes + 16_384
/** So many bytes cost as much to read as a refusal costs. */
const bytesOfRefusal = 8_192
/** Below what makes a socket look half-open. */
const longestPauseMs = seconds(10)
/** One turn; what it brings shares a commit. */
const turnMs = 1
/**
 * Reading is less than half of what a refused record costs. Measured beside 40 such agents, p99 of honest ones in
 * milliseconds: 5 without them, 14 with turns of 2 and a rest of 12, 16 with 1 and 12, 10 with 1 and 24.
 */
const restShare = 24

export class Patience {
  readonly #time: Time
  readonly #tired = new Map<string, { pace: Pace; untilMs: number }>()
  readonly #waiting: (() => void)[] = []
  #isTurnTaken = false

  constructor(time: Time) {
    this.#time = time
  }

  /** @param frame in which so many records were refused. */
  tire(endpointId: string, frame: { refused: number; bytes: number }): void {
    const now = this.#time.monotonic()
    const { pace } = this.#tired.get(endpointId) ?? { pace: new Pace(refusals, now) }
    const debtMs = pace.spend(Math.max(frame.refused, frame.bytes / bytesOfRefusal), now)
    this.#tired.set(endpointId, { pace, untilMs: now + debtMs + tiredForMs })
  }

  isTired(endpointId: string): boolean {
    const untilMs = this.#tired.get(endpointId)?.untilMs
    if (untilMs === undefined) return false
    const isOver = untilMs <= this.#time.monotonic()
    if (isOver) this.#tired.delete(endpointId)
    return !isOver
  }

  /** @returns after how many milliseconds something of this endpoint may be read again, if it gets its turn. */
  pauseMs(endpointId: string): number {
    return Math.min(longestPauseMs, this.#tired.get(endpointId)?.pace.debtMs(this.#time.monotonic()) ?? 0)
  }

  /** First come, first served. */
  inTurn(read: () => void): void {
    this.#waiting.push(read)
    if (!this.#isTurnTaken) this.#takeTurn()
  }

  #takeTurn(): void {
    this.#isTurnTaken = this.#waiting.length > 0
    if (!this.#isTurnTaken) return
    const beganAt = this.#time.monotonic()
    let tookMs = 0
    for (let read = this.#waiting.shift(); read; read = tookMs < turnMs ? this.#waiting.shift() : undefined) {
      read()
      tookMs = this.#time.monotonic() - beganAt
    }
    this.#time.after(Math.max(turnMs, tookMs) * restShare, () => this.#takeTurn())
  }
}
