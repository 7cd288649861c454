import type { Socket } from 'node:net'
import type { Direction, Weather } from './weather.ts'

/** What may wait in one direction; behind it the sender is held up, as behind a full window. */
const maxWaitingBytes = 1_048_576

/** Carries one direction of one connection: its bytes in their order, then how it ended. */
export class Carrier {
  readonly #from: Socket
  readonly #onto: Socket
  readonly #direction: Direction
  readonly #weather: Readonly<Weather>
  readonly #waiting: { bytes: Buffer; cameAt: number }[] = []
  #waitingBytes = 0
  #ended: 'no' | 'politely' | 'reset' = 'no'
  #timer: NodeJS.Timeout | undefined
  #freeAt = 0

  constructor(from: Socket, onto: Socket, direction: Direction, weather: Readonly<Weather>) {
    this.#from = from
    this.#onto = onto
    this.#direction = direction
    this.#weather = weather
    from.on('data', (bytes: Buffer) => this.#take(bytes))
    from.on('end', () => this.#end('politely'))
    from.on('error', () => this.#end('reset'))
    from.on('close', () => this.#end('reset'))
    onto.on('drain', () => this.go())
    onto.on('close', () => clearTimeout(this.#timer))
  }

  /** Whatever may pass now, passes. Called again when the weather changes. */
  go(): void {
    clearTimeout(this.#timer)
    while (!this.#onto.destroyed && !this.#weather.isSilent[this.#direction]) {
      const [first] = this.#waiting
      if (!first) {
        this.#passEnd()
        return
      }
      const waitMs = Math.max(first.cameAt + this.#weather.delayMs[this.#direction], this.#freeAt) - performance.now()
      if (waitMs > 0) {
        this.#timer = setTimeout(() => this.go(), waitMs)
        return
      }
      if (this.#onto.writableNeedDrain) return
      this.#pass(first.bytes)
    }
  }

  cut(): void {
    this.#from.resetAndDestroy()
    this.#onto.resetAndDestroy()
  }

  #take(bytes: Buffer): void {
    this.#waiting.push({ bytes, cameAt: performance.now() })
    this.#waitingBytes += bytes.length
    if (this.#waitingBytes > maxWaitingBytes) this.#from.pause()
    this.go()
  }

  #pass(bytes: Buffer): void {
    const { bytesPerSecond } = this.#weather
    if (bytesPerSecond > 0) this.#freeAt = performance.now() + (1_000 * bytes.length) / bytesPerSecond
    this.#waiting.shift()
    this.#waitingBytes -= bytes.length
    if (this.#from.isPaused() && this.#waitingBytes < maxWaitingBytes / 2) this.#from.resume()
    this.#onto.write(bytes)
  }

  #end(how: 'politely' | 'reset'): void {
    if (this.#ended !== 'no') return
    this.#ended = how
    this.go()
  }

  #passEnd(): void {
    if (this.#ended === 'politely') this.#onto.end()
    if (this.#ended === 'reset') this.#onto.resetAndDestroy()
  }
}
