import { seconds } from '#shared/domain/time.ts'
import { defaultCredit } from '#shared/protocol/limits.ts'

/*
 * More than the collector can take slows agents down and is never dropped: what isn't read stays in the kernel and in
 * their spools. Two things are measured: the bytes between all sockets and the disk, and the signals between the disk and
 * the desk. Both lower the credit that each acknowledgement gives; too many signals that nobody has handled yet also hold
 * acknowledgements back (never those of security), because credit alone bounds what is under way and not how fast it goes.
 */

/** Bytes of one agent that may wait for their commit before its socket is no longer read. */
const maxBytesPerAgent = 2_097_152
/** And of all agents together; whoever has something waiting then pauses. */
const maxBytesOfAll = 134_217_728
/** Signals that may wait for the pipeline before anybody is slowed down: it handles them within a few seconds. */
const easyBacklog = 10_000
/** From here on agents are as slow as it gets: ten records in ten seconds each. */
export const fullBacklog = 100_000
const minCredit = 10
const longestHoldMs = seconds(10)

export class Backpressure {
  readonly #backlog: () => number
  #bytesOfAll = 0

  /** `backlog`: committed signals that the pipeline has not handled, as far as is known. */
  constructor(backlog: () => number) {
    this.#backlog = backlog
  }

  /** Records that an agent may have unacknowledged now. */
  credit(): number {
    const pressure = Math.max(this.#bytesOfAll / maxBytesOfAll, this.#backlogPressure())
    return Math.max(minCredit, Math.floor(defaultCredit * (1 - pressure)))
  }

  /** How long an acknowledgement waits that is not about security. Squared: a little too much is slowed down a little. */
  holdMs(): number {
    return this.#backlogPressure() ** 2 * longestHoldMs
  }

  add(bytes: number): void {
    this.#bytesOfAll += bytes
  }

  get isFull(): boolean {
    return this.#bytesOfAll > maxBytesOfAll
  }

  #backlogPressure(): number {
    return Math.min(1, Math.max(0, (this.#backlog() - easyBacklog) / (fullBacklog - easyBacklog)))
  }
}

/** One agent's share of it: its bytes on their way to the disk. */
export class Share {
  readonly #whole: Backpressure
  readonly #socket: { pause(): void; resume(): void }
  #bytes = 0
  #isHeld = false
  #isPaused = false

  constructor(whole: Backpressure, socket: { pause(): void; resume(): void }) {
    this.#whole = whole
    this.#socket = socket
  }

  began(bytes: number): void {
    this.#add(bytes)
  }

  ended(bytes: number): void {
    this.#add(-bytes)
  }

  /** Nothing is read, however little waits. */
  hold(): void {
    this.#isHeld = true
    this.#pauseOrResume()
  }

  release(): void {
    this.#isHeld = false
    this.#pauseOrResume()
  }

  #add(bytes: number): void {
    this.#bytes += bytes
    this.#whole.add(bytes)
    this.#pauseOrResume()
  }

  #pauseOrResume(): void {
    const isTooMuch = this.#isHeld || this.#bytes > maxBytesPerAgent || (this.#bytes > 0 && this.#whole.isFull)
    if (isTooMuch === this.#isPaused) return
    this.#isPaused = isTooMuch
    if (isTooMuch) this.#socket.pause()
    else this.#socket.resume()
  }
}
