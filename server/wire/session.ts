/*
 * One agent's socket, from the open upgrade to its end. Enters: frames. Leaves: acknowledgements after the commit,
 * commands, watches. Promises: nothing an agent sends reaches another agent or throws; a broken frame ends this session
 * with a code and a reason, said once in the log. On failure of the store: the session ends, the agent keeps its records.
 * Meets: floods, nonsense, slow readers, half-open sockets.
 */
import type { Logger } from 'pino'
import type { WebSocket } from 'ws'
import { sentenceOf } from '#shared/domain/fault.ts'
import { type Cancel, seconds, type Time } from '#shared/domain/time.ts'
import { collectorCapabilities } from '#shared/protocol/capabilities.ts'
import { CloseCode } from '#shared/protocol/close-codes.ts'
import { encode } from '#shared/protocol/envelope.ts'
import { defaultCredit, helloTimeoutMs, maxRecordsPerFrame, pingEveryMs, protocolMinor } from '#shared/protocol/limits.ts'
import type { AgentMessage, CollectorMessage } from '#shared/protocol/messages.ts'
import type { Lane } from '#shared/protocol/record.ts'
import type { KnownEndpoint } from '../identity/peers.ts'
import type { Taken } from '../ingest/batch.ts'
import type { Ingest } from '../ingest/ingest.ts'
import type { From } from '../ingest/rows.ts'
import type { Backpressure } from './backpressure.ts'
import { createPace } from './pace.ts'
import { readFrame, tooFast } from './read-frame.ts'

type Message<Kind extends AgentMessage['kind']> = Extract<AgentMessage, { kind: Kind }>

/** What the rest of the collector hears of a session. */
export interface SessionEvents {
  /** May this session be the live one of its endpoint? Ends it with a reason if not. */
  admit(session: Session): Promise<boolean>
  welcomed(session: Session, hello: Message<'hello'>): void
  heard(session: Session): void
  said(session: Session, message: Message<'received' | 'document' | 'goodbye'>): void
  ended(session: Session): void
}

/** `unnamed`: the agent's hello doesn't name it, so it was not sent. `sent` promises no more than that the socket took it. */
export type Offered = 'sent' | 'away' | 'unnamed'

type Welcome = Extract<CollectorMessage, { kind: 'welcome' }>

export interface SessionOptions {
  socket: WebSocket
  from: KnownEndpoint
  address: string
  time: Time
  log: Logger
  /** What `welcome` says of this collector now. */
  about(): Pick<Welcome, 'collectorVersion' | 'documents'>
  ingest: Pick<Ingest, 'takeRecords' | 'takeSkipped' | 'cursors'>
  backpressure: Backpressure
  events: SessionEvents
}

/** Two missed pings, and the socket is dead: a half-open one is found within 45 s. */
const maxMissedPings = 2
/** How long a socket may take to prove that somebody is there. */
const aliveTimeoutMs = seconds(2)
/** How long a close may take before the socket is cut. */
const closeTimeoutMs = 500
/** Who doesn't read is not written to for ever. */
const maxUnreadBytes = 4_194_304
/** RFC 6455 leaves 123 bytes for a reason. */
const maxReasonBytes = 120

export class Session {
  readonly from: KnownEndpoint
  readonly address: string
  readonly #options: SessionOptions
  readonly #pace: () => boolean
  readonly #share: ReturnType<Backpressure['share']>
  readonly #commits = new Set<Promise<void>>()
  readonly #closed = Promise.withResolvers<void>()
  #named: ReadonlySet<string> = new Set()
  #epoch = ''
  #state: 'opened' | 'joining' | 'live' | 'ending' = 'opened'
  /** How far the agent's clock is ahead of the clock of ours that never jumps. */
  #agentAheadMs = 0
  #unacknowledged = 0
  #missedPings = 0
  #cancelTimer: Cancel
  #cancelHelloTimer: Cancel

  constructor(options: SessionOptions) {
    const { socket, time, events } = options
    this.from = options.from
    this.address = options.address
    this.#options = options
    this.#pace = createPace(time)
    this.#share = options.backpressure.share(socket)
    this.#cancelTimer = time.after(pingEveryMs, () => this.#ping())
    this.#cancelHelloTimer = time.after(helloTimeoutMs, () => this.end(CloseCode.HelloTimeout, 'no hello came in time'))
    socket.on('message', (data, isBinary) => this.#hear(data as Buffer, isBinary))
    socket.on('pong', () => this.#isThere())
    socket.on('error', (error: Error) => this.#broken(error))
    socket.once('close', () => {
      this.#state = 'ending'
      this.#cancelTimer()
      this.#cancelHelloTimer()
      this.#closed.resolve()
      events.ended(this)
    })
  }

  get isLive(): boolean {
    return this.#state === 'live'
  }

  /** False when it could not be handed to the socket; true promises nothing but that. */
  send(message: CollectorMessage): boolean {
    const { socket } = this.#options
    if (socket.readyState !== socket.OPEN) return false
    if (socket.bufferedAmount > maxUnreadBytes) {
      this.#log('the agent does not read; the connection is cut')
      socket.terminate()
      return false
    }
    socket.send(encode(message))
    return true
  }

  /** Invariant 12: an agent is sent only what it named. */
  offer(capability: string, message: CollectorMessage): Offered {
    if (!this.isLive) return 'away'
    if (!this.#named.has(capability)) return 'unnamed'
    return this.send(message) ? 'sent' : 'away'
  }

  /** Whether somebody answers at the other end within two seconds. */
  async isAlive(): Promise<boolean> {
    const { socket, time } = this.#options
    if (socket.readyState !== socket.OPEN) return false
    const { promise, resolve } = Promise.withResolvers<boolean>()
    const cancel = time.after(aliveTimeoutMs, () => resolve(false))
    socket.once('pong', () => resolve(true))
    socket.once('close', () => resolve(false))
    socket.ping()
    return promise.finally(cancel)
  }

  /** Closes with a code and a reason; whatever still comes is ignored. */
  end(code: CloseCode, reason: string): void {
    if (this.#state === 'ending') return
    this.#log('the session is ended', { code, reason })
    this.#close(code, reason)
  }

  /** Without a word: there is nobody to hear it. What still comes of it is ignored: its agent speaks elsewhere now. */
  cut(): void {
    this.#state = 'ending'
    this.#options.socket.terminate()
  }

  /** The collector stops: takes nothing more, acknowledges what came, says goodbye. */
  async leave(retryAfterMs: number): Promise<void> {
    if (this.#state !== 'ending') {
      this.#state = 'ending'
      await Promise.all(this.#commits)
      this.send({ kind: 'goodbye', reason: 'shutdown', retryAfterMs })
      this.#close(CloseCode.GoingAway, 'the collector stops')
    }
    await this.#closed.promise
  }

  #hear(data: Buffer, isBinary: boolean): void {
    this.#isThere()
    if (this.#state === 'ending') return
    const frame = this.#pace() ? readFrame(data, isBinary) : tooFast
    if (frame.kind === 'objection') this.end(frame.code, frame.reason)
    else if (frame.message.kind === 'hello') this.#hello(frame.message)
    else if (this.#state === 'live') this.#act(frame.message, data.length)
    else this.#refuse(`${frame.message.kind} came before welcome`)
  }

  #act(message: Exclude<AgentMessage, Message<'hello'>>, bytes: number): void {
    switch (message.kind) {
      case 'records':
      case 'skipped':
        // Each epoch is a row for good: one a session, or one agent fills the table.
        if (message.epoch !== this.#epoch) this.#refuse('epoch: it is not the one of hello')
        else if (message.kind === 'records') this.#take(message, bytes)
        else this.#skip(message)
        break
      default:
        this.#options.events.said(this, message)
    }
  }

  #hello(hello: Message<'hello'>): void {
    if (this.#state === 'opened') {
      this.#cancelHelloTimer()
      this.#state = 'joining'
      this.#join(hello).catch((error) => this.#fail('the session could not begin', error))
    } else this.#refuse('a second hello came')
  }

  async #join(hello: Message<'hello'>): Promise<void> {
    const { events, ingest, time, about } = this.#options
    const { endpointId } = this.from
    if (hello.protocolMinor < protocolMinor - 2) return this.end(CloseCode.UnsupportedVersion, 'this agent is too old for this collector')
    if (!(await events.admit(this))) return
    const cursors = await ingest.cursors(endpointId, hello.epoch)
    if (this.#state !== 'joining') return
    this.#state = 'live'
    this.#named = new Set(hello.capabilities)
    this.#epoch = hello.epoch
    this.#agentAheadMs = hello.now - time.monotonic()
    const spoken = { protocolMinor, capabilities: [...collectorCapabilities], ...about() }
    this.send({ kind: 'welcome', ...spoken, now: time.now(), endpointId, cursors, credit: defaultCredit })
    events.welcomed(this, hello)
  }

  #take(frame: Message<'records'>, bytes: number): void {
    const count = frame.records.length
    if (frame.now !== undefined) this.#agentAheadMs = frame.now - this.#options.time.monotonic()
    this.#unacknowledged += count
    this.#share.began(bytes)
    const settled = () => {
      this.#unacknowledged -= count
      this.#share.ended(bytes)
    }
    if (this.#unacknowledged <= defaultCredit + maxRecordsPerFrame) {
      this.#commit(frame, this.#options.ingest.takeRecords(this.#sender(), frame), settled)
    } else {
      settled()
      this.end(CloseCode.TooFast, 'more records came than the credit allows')
    }
  }

  #skip(frame: Message<'skipped'>): void {
    if (frame.to < frame.from) this.#refuse('to: it lies before from')
    else this.#commit(frame, this.#options.ingest.takeSkipped(this.#sender(), frame), () => undefined)
  }

  #sender(): From {
    return { ...this.from, clockBehindMs: Math.round(this.#options.time.now() - this.#options.time.monotonic() - this.#agentAheadMs) }
  }

  /** Invariant 1: the acknowledgement comes after the commit, and only then. */
  #commit(frame: { epoch: string; lane: Lane }, commit: Promise<Taken>, settled: () => void): void {
    const answered = commit
      .then((taken) => this.#acknowledge(frame, taken))
      .catch((error) => this.#fail('records could not be stored', error))
      .finally(() => {
        settled()
        this.#commits.delete(answered)
      })
    this.#commits.add(answered)
  }

  #acknowledge({ epoch, lane }: { epoch: string; lane: Lane }, taken: Taken): void {
    for (const { seq, reason } of taken.refused) this.send({ kind: 'refused', epoch, lane, seq, reason })
    if (taken.kind === 'gap') this.end(CloseCode.Gap, `${lane}: record ${taken.seq + 1} is missing`)
    else this.send({ kind: 'ack', epoch, lane, seq: taken.seq, credit: defaultCredit, now: this.#options.time.now() })
  }

  #isThere(): void {
    this.#missedPings = 0
    this.#options.events.heard(this)
  }

  #ping(): void {
    const { socket, time } = this.#options
    if (this.#missedPings < maxMissedPings) {
      this.#missedPings += 1
      if (socket.readyState === socket.OPEN) socket.ping()
      this.#cancelTimer = time.after(pingEveryMs, () => this.#ping())
    } else {
      this.#log('nothing was heard of the agent; the connection is cut')
      socket.terminate()
    }
  }

  /** `ws` has seen a frame that breaks RFC 6455 or its limits, and closes with the code that says so. */
  #broken(error: Error): void {
    if (this.#state !== 'ending') this.#log('the session is broken', { reason: sentenceOf(error) })
    this.#close(CloseCode.Malformed, 'a broken frame came')
  }

  #fail(sentence: string, error: unknown): void {
    this.#log(sentence, { reason: sentenceOf(error) })
    this.end(CloseCode.Internal, 'something failed at the collector; what is not acknowledged is not lost')
  }

  #refuse(reason: string): void {
    this.end(CloseCode.Malformed, reason)
  }

  #close(code: CloseCode, reason: string): void {
    const { socket, time } = this.#options
    this.#state = 'ending'
    this.#cancelTimer()
    this.#cancelTimer = time.after(closeTimeoutMs, () => socket.terminate())
    socket.close(code, Buffer.from(reason).subarray(0, maxReasonBytes).toString().replaceAll('\ufffd', ''))
  }

  #log(sentence: string, about: Record<string, unknown> = {}): void {
    this.#options.log.warn({ endpointId: this.from.endpointId, address: this.address, ...about }, sentence)
  }
}
