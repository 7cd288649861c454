/*
 * One agent's socket, from the open upgrade to its end. Enters: frames. Leaves: acknowledgements after the commit,
 * commands, watches. Promises: nothing an agent sends reaches another agent or throws; a broken frame ends this session
 * with a code and a reason, said once in the log. On failure of the store: the session ends, the agent keeps its records.
 * Meets: floods, nonsense, slow readers and slow writers, half-open sockets. Ten thousand of them live at once, so a
 * session keeps little: what all have in common is one object, and their pings are one timer's.
 */
import type { WebSocket } from 'ws'
import { sentenceOf } from '#shared/domain/fault.ts'
import type { Cancel } from '#shared/domain/time.ts'
import { collectorCapabilities } from '#shared/protocol/capabilities.ts'
import { CloseCode } from '#shared/protocol/close-codes.ts'
import { encode } from '#shared/protocol/envelope.ts'
import { defaultCredit, helloTimeoutMs, maxRecordsPerFrame, protocolMinor } from '#shared/protocol/limits.ts'
import type { AgentMessage, CollectorMessage } from '#shared/protocol/messages.ts'
import type { KnownEndpoint } from '../identity/peers.ts'
import type { From } from '../ingest/rows.ts'
import { Answers } from './answers.ts'
import { Share } from './backpressure.ts'
import { Inbox } from './inbox.ts'
import { frameRate, Pace } from './pace.ts'
import { maxBytesWhileTired } from './patience.ts'
import { type Line, Pulse } from './pulse.ts'
import { type Frame, readFrame } from './read-frame.ts'
import type { Message, Offered, Peer, Surroundings } from './surroundings.ts'

/** How long a close may take before the socket is cut. */
const closeTimeoutMs = 500
/** Who doesn't read is not written to for ever. */
const maxUnreadBytes = 4_194_304
/** RFC 6455 leaves 123 bytes for a reason. */
const maxReasonBytes = 120

export class Session {
  readonly from: KnownEndpoint
  readonly address: string
  readonly #socket: WebSocket
  readonly #line: Line
  readonly #around: Surroundings
  readonly #pace: Pace
  readonly #share: Share
  readonly #answers: Answers
  readonly #pulse: Pulse
  readonly #place: number
  readonly #inbox: Inbox
  #named: ReadonlySet<string> | undefined
  #epoch = ''
  #state: 'opened' | 'joining' | 'live' | 'ending' = 'opened'
  /** How far the agent's clock is ahead of the clock of ours that never jumps. */
  #agentAheadMs = 0
  #unacknowledged = 0
  /** Of the hello, then of the close; in between there is none. */
  #cancelTimer: Cancel | undefined

  constructor({ socket, line, from, address }: Peer, around: Surroundings) {
    const { time, backpressure, patience, heartbeat } = around
    this.from = from
    this.address = address
    this.#socket = socket
    this.#line = line
    this.#around = around
    this.#pace = new Pace(frameRate, time.monotonic())
    this.#share = new Share(backpressure, socket)
    this.#inbox = new Inbox({ patience, time, share: this.#share }, from.endpointId, (data, isBinary) => this.#read(data, isBinary))
    this.#answers = new Answers(this, time, backpressure)
    this.#pulse = new Pulse(socket, line)
    this.#place = heartbeat.join(this)
    this.#cancelTimer = time.after(helloTimeoutMs, () => this.end(CloseCode.HelloTimeout, 'no hello came in time'))
    socket.on('message', (data, isBinary) => this.#hear(data as Buffer, isBinary))
    socket.on('pong', () => this.#isThere())
    socket.on('error', (error: Error) => this.#broken(error))
    socket.once('close', () => this.#closed())
  }

  get isLive(): boolean {
    return this.#state === 'live'
  }

  /** False when it could not be handed to the socket; true promises nothing but that. */
  send(message: CollectorMessage): boolean {
    const socket = this.#socket
    if (socket.readyState !== socket.OPEN) return false
    if (socket.bufferedAmount > maxUnreadBytes) {
      this.#log('the agent does not read; the connection is cut')
      socket.terminate()
      return false
    }
    this.#writeTogether()
    socket.send(encode(message))
    return true
  }

  /** What is said in one turn of the loop is one write: each would be a TLS record and a system call of its own. */
  #writeTogether(): void {
    const line = this.#line
    if (line.writableCorked > 0) return
    line.cork()
    process.nextTick(() => line.uncork())
  }

  /** Invariant 12: an agent is sent only what it named. */
  offer(capability: string, message: CollectorMessage): Offered {
    if (!this.isLive) return 'away'
    if (!this.#named?.has(capability)) return 'unnamed'
    return this.send(message) ? 'sent' : 'away'
  }

  isAlive(): Promise<boolean> {
    return this.#pulse.isAlive(this.#around.time)
  }

  /** The heartbeat's. */
  beat(): void {
    const trouble = this.#pulse.beat()
    if (trouble === undefined) return
    this.#log(`${trouble}; the connection is cut`)
    this.#socket.terminate()
  }

  /** Closes with a code and a reason; whatever still comes is ignored. */
  end(code: CloseCode, reason: string): void {
    if (this.#state === 'ending') return
    this.#log('the session is ended', { code, reason })
    this.#close(code, reason)
  }

  /** Something of ours failed. */
  fail(sentence: string, error: unknown): void {
    this.#log(sentence, { reason: sentenceOf(error) })
    this.end(CloseCode.Internal, 'something failed at the collector; what is not acknowledged is not lost')
  }

  /** Without a word: there is nobody to hear it. What still comes of it is ignored: its agent speaks elsewhere now. */
  cut(): void {
    this.#state = 'ending'
    this.#socket.terminate()
  }

  /** The collector stops: takes nothing more, acknowledges what came, says goodbye. */
  async leave(retryAfterMs: number): Promise<void> {
    const socket = this.#socket
    const closed = new Promise<void>((resolve) => {
      if (socket.readyState === socket.CLOSED) resolve()
      else socket.once('close', () => resolve())
    })
    if (this.#state !== 'ending') {
      this.#state = 'ending'
      await this.#answers.finish()
      this.send({ kind: 'goodbye', reason: 'shutdown', retryAfterMs })
      this.#close(CloseCode.GoingAway, 'the collector stops')
    }
    await closed
  }

  #hear(data: Buffer, isBinary: boolean): void {
    const { events, patience, time } = this.#around
    this.#pulse.heard()
    events.heard(this)
    if (this.#state === 'ending') return
    if (this.#pace.spend(1, time.monotonic()) > 0) this.end(CloseCode.TooFast, 'too many frames a second')
    else if (this.#state !== 'live' || (this.#inbox.isEmpty && !patience.isTired(this.from.endpointId))) this.#read(data, isBinary)
    else if (data.length <= maxBytesWhileTired) this.#inbox.add(data, isBinary)
    else this.end(CloseCode.TooFast, `after refused records no frame may be longer than ${maxBytesWhileTired} bytes for some seconds`)
  }

  #read(data: Buffer, isBinary: boolean): void {
    if (this.#state === 'ending') return
    this.#pulse.heard()
    const frame = readFrame(data, isBinary)
    if (frame.kind === 'objection') this.#object(frame, data.length)
    else if (frame.message.kind === 'hello') this.#hello(frame.message)
    else if (this.#state === 'live') this.#act(frame.message, data.length)
    else this.#refuse(`${frame.message.kind} came before welcome`)
  }

  #object({ code, reason }: Extract<Frame, { kind: 'objection' }>, bytes: number): void {
    // Whoever has not said hello may be a thief of its key, at whose word it shall not be read more slowly.
    if (this.#state === 'live') this.#around.patience.tire(this.from.endpointId, { refused: 1, bytes })
    this.end(code, reason)
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
        this.#around.events.said(this, message)
    }
  }

  #hello(hello: Message<'hello'>): void {
    if (this.#state === 'opened') {
      this.#cancelTimer?.()
      this.#cancelTimer = undefined
      this.#state = 'joining'
      this.#join(hello).catch((error) => this.fail('the session could not begin', error))
    } else this.#refuse('a second hello came')
  }

  async #join(hello: Message<'hello'>): Promise<void> {
    const { events, ingest, time, about, backpressure } = this.#around
    const { endpointId } = this.from
    if (hello.protocolMinor < protocolMinor - 2) return this.end(CloseCode.UnsupportedVersion, 'this agent is too old for this collector')
    if (!(await events.admit(this))) return
    const cursors = await ingest.cursors(endpointId, hello.epoch)
    if (this.#state !== 'joining') return
    this.#state = 'live'
    this.#named = new Set(hello.capabilities)
    this.#epoch = hello.epoch
    this.#agentAheadMs = hello.now - time.monotonic()
    const spoken = { protocolMinor, capabilities: [...collectorCapabilities], ...about(hello.documents, this.from) }
    this.send({ kind: 'welcome', ...spoken, now: time.now(), endpointId, cursors, credit: backpressure.credit() })
    events.welcomed(this, hello)
  }

  /** Whoever was told of more credit a moment ago may still use it. */
  #take(frame: Message<'records'>, bytes: number): void {
    const count = frame.records.length
    if (frame.now !== undefined) this.#agentAheadMs = frame.now - this.#around.time.monotonic()
    if (this.#unacknowledged + count > defaultCredit + maxRecordsPerFrame)
      this.end(CloseCode.TooFast, 'more records came than the credit allows')
    else this.#store(frame, count, bytes)
  }

  #store(frame: Message<'records'>, count: number, bytes: number): void {
    this.#unacknowledged += count
    this.#share.began(bytes)
    void this.#answers.add(frame, this.#around.ingest.takeRecords(this.#sender(), frame), (taken) => {
      this.#unacknowledged -= count
      this.#share.ended(bytes)
      if (taken && taken.refused.length > 0) this.#around.patience.tire(this.from.endpointId, { refused: taken.refused.length, bytes })
    })
  }

  #skip(frame: Message<'skipped'>): void {
    if (frame.to < frame.from) this.#refuse('to: it lies before from')
    else void this.#answers.add(frame, this.#around.ingest.takeSkipped(this.#sender(), frame))
  }

  #sender(): From {
    const { time } = this.#around
    return { ...this.from, clockBehindMs: Math.round(time.now() - time.monotonic() - this.#agentAheadMs) }
  }

  #isThere(): void {
    this.#pulse.isThere()
    this.#around.events.heard(this)
  }

  /** `ws` has seen a frame that breaks RFC 6455 or its limits, and closes with the code that says so. */
  #broken(error: Error): void {
    if (this.#state !== 'ending') this.#log('the session is broken', { reason: sentenceOf(error) })
    this.#close(CloseCode.Malformed, 'a broken frame came')
  }

  #refuse(reason: string): void {
    this.end(CloseCode.Malformed, reason)
  }

  #close(code: CloseCode, reason: string): void {
    const socket = this.#socket
    this.#state = 'ending'
    this.#around.heartbeat.leave(this, this.#place)
    this.#cancelTimer?.()
    this.#cancelTimer = this.#around.time.after(closeTimeoutMs, () => socket.terminate())
    socket.close(code, Buffer.from(reason).subarray(0, maxReasonBytes).toString().replaceAll('\ufffd', ''))
  }

  #closed(): void {
    this.#state = 'ending'
    this.#cancelTimer?.()
    this.#inbox.empty()
    this.#share.release()
    this.#around.heartbeat.leave(this, this.#place)
    this.#answers.release()
    this.#around.events.ended(this)
  }

  #log(sentence: string, about: Record<string, unknown> = {}): void {
    this.#around.log.warn({ endpointId: this.from.endpointId, address: this.address, ...about }, sentence)
  }
}
