import type { Cancel, Time } from '#shared/domain/time.ts'
import type { Share } from './backpressure.ts'
import type { Patience } from './patience.ts'

/** Of a session whose endpoint nobody has much patience for: what came with the last bytes and was not read, in its order. */
export class Inbox {
  readonly #around: { patience: Patience; time: Time; share: Share }
  readonly #endpointId: string
  readonly #read: (data: Buffer, isBinary: boolean) => void
  #frames: [data: Buffer, isBinary: boolean][] = []
  #cancelPause: Cancel | undefined

  constructor(
    around: { patience: Patience; time: Time; share: Share },
    endpointId: string,
    read: (data: Buffer, isBinary: boolean) => void,
  ) {
    this.#around = around
    this.#endpointId = endpointId
    this.#read = read
  }

  get isEmpty(): boolean {
    return this.#frames.length === 0
  }

  /** Nothing more is received while something lies here. */
  add(data: Buffer, isBinary: boolean): void {
    this.#frames.push([data, isBinary])
    if (this.#frames.length > 1) return
    this.#around.share.hold()
    this.#wait()
  }

  /** The session is over. */
  empty(): void {
    this.#cancelPause?.()
    this.#frames = []
  }

  #wait(): void {
    const { patience, time } = this.#around
    this.#cancelPause = time.after(patience.pauseMs(this.#endpointId), () => patience.inTurn(() => this.#readFirst()))
  }

  #readFirst(): void {
    const [first] = this.#frames
    if (!first) return
    this.#read(...first)
    this.#frames.shift()
    if (this.isEmpty) this.#around.share.release()
    else this.#wait()
  }
}
