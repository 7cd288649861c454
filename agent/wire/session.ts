/**
 * One connection, from the open socket to its end. Enters: what the spool holds, and what the collector sends. Leaves:
 * frames within the collector's credit, security first; commands and watches to their takers. Promises: the spool
 * forgets only what was acknowledged on this epoch. On failure it ends, and says why; the wire dials again. Bounds: the
 * socket is handed 256 KiB and a frame (64 KiB before a frame that can wait), and 1,000 frames a second; what is on its
 * way stays in the spool, and here only its seqs, of no more records than the credit and one frame.
 * Meets: a collector that went away without a word (half-open socket), and one that talks nonsense.
 */
import type { Logger } from 'pino'
import type { RawData, WebSocket } from 'ws'
import type { GoodbyeReason } from '#shared/domain/endpoint.ts'
import { sentenceOf } from '#shared/domain/fault.ts'
import type { NeighbourPlace } from '#shared/domain/neighbours.ts'
import { type Cancel, seconds, type Time } from '#shared/domain/time.ts'
import type { CollectorCapability } from '#shared/protocol/capabilities.ts'
import { CloseCode } from '#shared/protocol/close-codes.ts'
import type { DocumentFrame, DocumentNumbers } from '#shared/protocol/document.ts'
import { decode, encode } from '#shared/protocol/envelope.ts'
import { pingEveryMs } from '#shared/protocol/limits.ts'
import { type AgentMessage, CollectorMessage, type Progress } from '#shared/protocol/messages.ts'
import type { Documents } from '../identity/documents.ts'
import type { Spool } from '../spool/spool.ts'
import { Outgoing } from './outgoing.ts'
import { createPace, type Pace } from './pace.ts'

export interface SessionOptions {
  socket: WebSocket
  spool: Spool
  time: Time
  log: Logger
  hello: Extract<AgentMessage, { kind: 'hello' }>
  takers: Takers
  /** None are kept, when absent. */
  documents?: DocumentExchange | undefined
}

/** What this agent keeps of the documents that its collector signed; none of these may throw. */
export interface DocumentExchange extends Pick<Documents, 'numbers' | 'welcomed'> {
  take(frame: DocumentFrame): void
}

/** Who is told of what the collector says. None of them may throw. */
export interface Takers {
  onWelcome(takesStanding: boolean): void
  /** What this collector takes beyond the core. */
  onTaken?(takes: (capability: CollectorCapability) => boolean): void
  onCollectorTime(now: number): void
  onCommand(signed: { jws: string; also?: readonly string[] | undefined }): void
  onWatch(isWatched: boolean): void
  onNeighbours?(places: readonly NeighbourPlace[], isLasting: boolean): void
}

export type SessionEnd = { kind: 'lost'; code: number; reason: string; wasWelcome: boolean } | { kind: 'goodbye'; retryAfterMs: number }

/** The collector pings every 15 s; three missed ones mean that nobody is there, and so does no welcome for as long. */
const silenceMs = 3 * pingEveryMs
/** Bytes handed to the socket but not yet taken by the network, so that security overtakes soon; what can wait begins at fewer. */
const maxBufferedBytes = 262_144
const maxBufferedBeforeBulk = 65_536
const closeTimeoutMs = seconds(2)
/** What may come before `welcome`. */
const opens: ReadonlySet<string> = new Set(['welcome', 'goodbye'])

export class Session {
  readonly ended: Promise<SessionEnd>
  readonly #options: SessionOptions
  readonly #stopListening: (() => void)[]
  readonly #pace: Pace
  #outgoing: Outgoing | undefined
  /** What this collector named: nothing else is sent to it (invariant 12). */
  #taken: ReadonlySet<string> = new Set()
  #heardAt: number
  #watchdog: Cancel
  #cancelWelcomeTimer: Cancel
  #pumpLater: Cancel | undefined
  #goodbye: SessionEnd | undefined
  #isEnding = false

  constructor(options: SessionOptions) {
    const { socket, spool, time } = options
    this.#options = options
    this.#heardAt = time.monotonic()
    this.#pace = createPace(time)
    this.#watchdog = time.after(silenceMs, () => this.#checkSilence())
    this.#cancelWelcomeTimer = time.after(silenceMs, () => this.#giveUp('no welcome came'))
    this.#stopListening = [spool.onAppended(() => this.#pump()), spool.onRestarted(() => this.#end(1000))]
    this.ended = this.#untilClosed()
    socket.on('message', (data, isBinary) => this.#hear(() => this.#take(data, isBinary)))
    for (const sign of ['ping', 'pong'] as const) socket.on(sign, () => this.#hear(() => undefined))
    this.#send(options.hello)
  }

  get isWelcome(): boolean {
    return this.#outgoing !== undefined && !this.#isEnding
  }

  /** Monotonic, of the last sign of life. */
  get heardAt(): number {
    return this.#heardAt
  }

  /** Whoever is there answers. */
  ask(): void {
    if (this.#options.socket.readyState === this.#options.socket.OPEN) this.#options.socket.ping()
  }

  /** A hint for the collector; lost when the socket is. */
  received(commandId: string, at: number): void {
    if (this.isWelcome && this.#takes('received')) this.#send({ kind: 'received', commandId, at })
  }

  /** A hint, for which nothing else waits. @returns whether it was sent. */
  progress(said: Progress): boolean {
    const { bufferedAmount } = this.#options.socket
    if (!this.isWelcome || !this.#takes('progress') || bufferedAmount > maxBufferedBeforeBulk) return false
    this.#send(said)
    return true
  }

  /** Says why we go, and leaves once that is flushed, or after two seconds. */
  async leave(reason: GoodbyeReason): Promise<void> {
    this.#send({ kind: 'goodbye', reason })
    this.#end(1000)
    await this.ended
  }

  async #untilClosed(): Promise<SessionEnd> {
    const { promise, resolve } = Promise.withResolvers<{ code: number; reason: string }>()
    this.#options.socket.once('close', (code, reason) => resolve({ code, reason: reason.toString() }))
    const { code, reason } = await promise
    const wasWelcome = this.#outgoing !== undefined
    this.#isEnding = true
    for (const stop of [this.#watchdog, this.#cancelWelcomeTimer, ...this.#stopListening]) stop()
    this.#pumpLater?.()
    return this.#goodbye ?? { kind: 'lost', code, reason, wasWelcome }
  }

  #hear(take: () => void): void {
    this.#heardAt = this.#options.time.monotonic()
    if (!this.#isEnding) take()
  }

  #checkSilence(): void {
    const { time } = this.#options
    const leftMs = this.#heardAt + silenceMs - time.monotonic()
    if (leftMs > 0) this.#watchdog = time.after(leftMs, () => this.#checkSilence())
    else this.#giveUp('nothing was heard of the collector')
  }

  #giveUp(why: string): void {
    this.#options.log.warn({ silenceMs }, `${why}; the connection is given up`)
    this.#options.socket.terminate()
  }

  #take(data: RawData, isBinary: boolean): void {
    const decoded = isBinary ? ({ kind: 'malformed', reason: 'the frame is binary' } as const) : decode(CollectorMessage, textOf(data))
    if (decoded.kind === 'malformed') this.#refuse(decoded.reason)
    else if (!this.#outgoing && !opens.has(decoded.message.kind)) this.#refuse(`${decoded.message.kind} came before welcome`)
    else this.#act(decoded.message)
  }

  #act(message: CollectorMessage): void {
    const { takers } = this.#options
    switch (message.kind) {
      case 'welcome':
        this.#welcome(message)
        break
      case 'ack':
        this.#acknowledged(message)
        break
      case 'refused':
        this.#refusedRecord(message)
        break
      case 'command':
        takers.onCommand({ jws: message.jws, also: message.also })
        break
      case 'watch':
        takers.onWatch(message.isWatched)
        break
      case 'neighbours':
        takers.onNeighbours?.(message.places, message.isLasting ?? false)
        break
      case 'document':
        this.#options.documents?.take(message)
        break
      case 'goodbye':
        this.#goodbye = { kind: 'goodbye', retryAfterMs: message.retryAfterMs }
        this.#end(1000)
    }
  }

  #welcome(message: Extract<CollectorMessage, { kind: 'welcome' }>): void {
    const { spool, takers, log } = this.#options
    takers.onCollectorTime(message.now)
    if (this.#outgoing) log.warn('a second welcome came and changes nothing')
    else if (spool.confirm(message.cursors)) this.#beginSending(message)
    else void this.#restartSpool()
  }

  #beginSending(message: Extract<CollectorMessage, { kind: 'welcome' }>): void {
    const { spool, takers, log } = this.#options
    this.#cancelWelcomeTimer()
    this.#taken = new Set(message.capabilities)
    this.#outgoing = new Outgoing(spool, message.cursors, message.credit, this.#takes('skipped'), this.#options.time)
    if (!this.#takes('skipped')) log.warn('this collector takes no word of gaps: a lane that has one waits')
    takers.onWelcome(this.#takes('standing'))
    takers.onTaken?.((capability) => this.#takes(capability))
    this.#handBack(this.#takes('documents') ? message.documents : undefined)
    this.#pump()
  }

  /** A collector that was set back to a backup has older documents than we keep. */
  #handBack(theirs: DocumentNumbers = {}): void {
    for (const frame of this.#options.documents?.welcomed(theirs) ?? []) this.#send(frame)
  }

  #takes(capability: CollectorCapability): boolean {
    return this.#taken.has(capability)
  }

  /**
   * Invariant 2 of the house: this disk was restored or cloned; the next hello speaks of a new epoch. The cursors are
   * compared with what can have been sent, not with the last record: a restored agent may have appended as many as it had lost.
   */
  async #restartSpool(): Promise<void> {
    this.#isEnding = true
    try {
      await this.#options.spool.restart('the collector has records that it never sent: its disk was restored or cloned')
    } catch (error) {
      this.#options.log.error({ reason: sentenceOf(error) }, 'the spool could not begin a new epoch')
      this.#end(1000)
    }
  }

  #acknowledged({ epoch, lane, seq, credit, now }: Extract<CollectorMessage, { kind: 'ack' }>): void {
    this.#options.takers.onCollectorTime(now)
    if (epoch !== this.#options.spool.epoch) return
    if (this.#outgoing?.acknowledged(lane, seq, credit)) this.#pump()
    else this.#refuse(`${lane} ${seq} was acknowledged but never sent`)
  }

  #refusedRecord({ lane, seq, reason }: Extract<CollectorMessage, { kind: 'refused' }>): void {
    this.#options.log.warn({ lane, seq, reason }, 'the collector could not accept a record and keeps it raw')
  }

  #pump(): void {
    const { socket, log } = this.#options
    try {
      while (this.isWelcome && socket.bufferedAmount < maxBufferedBytes && this.#isPaced()) {
        const text = this.#outgoing?.next(socket.bufferedAmount > maxBufferedBeforeBulk)
        if (text === undefined) return
        this.#pace.take()
        socket.send(text, (error) => {
          if (!error) this.#pump()
        })
      }
    } catch (error) {
      log.error({ reason: sentenceOf(error) }, 'the spool could not be read; the connection is given up')
      socket.terminate()
    }
  }

  /** Else it is pumped again when it is. */
  #isPaced(): boolean {
    const waitMs = this.#pace.waitMs()
    if (waitMs === 0) return true
    this.#pumpLater?.()
    this.#pumpLater = this.#options.time.after(Math.ceil(waitMs), () => this.#pump())
    return false
  }

  #send(message: AgentMessage): void {
    const { socket } = this.#options
    if (socket.readyState === socket.OPEN) socket.send(encode(message))
  }

  #refuse(reason: string): void {
    this.#options.log.warn({ reason }, 'the collector sent what this agent does not understand')
    this.#end(CloseCode.Malformed, reason.slice(0, 100))
  }

  /** Closes politely; who doesn't answer the close within two seconds is cut off. */
  #end(code: number, reason = ''): void {
    const { socket, time } = this.#options
    this.#isEnding = true
    this.#watchdog()
    this.#watchdog = time.after(closeTimeoutMs, () => socket.terminate())
    socket.close(code, reason)
  }
}

function textOf(data: RawData): string {
  return Array.isArray(data) ? Buffer.concat(data).toString() : Buffer.from(data as ArrayBuffer).toString()
}
