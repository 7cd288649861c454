import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import { seconds, type Time } from '#shared/domain/time.ts'

/** Two missed pings, and the socket is dead: a half-open one is found within 45 s. */
const maxMissedPings = 2
/** Of a frame that has begun: what still comes after so many beats holds memory, and at 30 kbit/s it would be here. */
const maxBeatsOfFrame = 3
/** Bytes that are more than the odd pong. */
const partOfFrameBytes = 16_384
/** How long a socket may take to prove that somebody is there. */
const aliveTimeoutMs = seconds(2)

/** Bytes that have come over a connection so far. */
export type Line = Duplex & { readonly bytesRead: number }

/** Whether somebody is there, and gets on with what they say. */
export class Pulse {
  readonly #socket: WebSocket
  readonly #line: Line
  #missedPings = 0
  #bytesAtBeat = 0
  #bytesBefore = 0
  #beatsOfFrame = 0

  constructor(socket: WebSocket, line: Line) {
    this.#socket = socket
    this.#line = line
  }

  /** Something came. */
  isThere(): void {
    this.#missedPings = 0
  }

  /** A whole frame came. */
  heard(): void {
    this.#missedPings = 0
    this.#beatsOfFrame = 0
    this.#bytesBefore = this.#line.bytesRead
  }

  /** Asks whether anybody is there. @returns why this connection is of no use any more. */
  beat(): string | undefined {
    this.#countBytes()
    if (this.#missedPings >= maxMissedPings) return 'nothing was heard of the agent'
    this.#beatsOfFrame = this.#line.bytesRead - this.#bytesBefore > partOfFrameBytes ? this.#beatsOfFrame + 1 : 0
    if (this.#beatsOfFrame > maxBeatsOfFrame) return 'the agent began a frame and does not end it'
    // Whom we don't read can't be heard.
    this.#missedPings = this.#socket.isPaused ? 0 : this.#missedPings + 1
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.ping()
    return undefined
  }

  /** A frame that is still coming holds back the answer that lies behind it. */
  #countBytes(): void {
    const { bytesRead } = this.#line
    if (bytesRead !== this.#bytesAtBeat) this.#missedPings = 0
    this.#bytesAtBeat = bytesRead
  }

  /** Whether somebody answers at the other end within two seconds. */
  async isAlive(time: Time): Promise<boolean> {
    const socket = this.#socket
    if (socket.readyState !== socket.OPEN) return false
    const { promise, resolve } = Promise.withResolvers<boolean>()
    const cancel = time.after(aliveTimeoutMs, () => resolve(false))
    socket.once('pong', () => resolve(true))
    socket.once('close', () => resolve(false))
    socket.ping()
    return promise.finally(cancel)
  }
}
