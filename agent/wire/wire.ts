/**
 * The agent's line to its collector. Enters: what the spool holds. Leaves: it, at the collector; and commands, watches
 * and the collector's time to their takers. Promises: always connected or about to dial, never faster than the
 * back-off allows, and at once with security. On failure: says why once, waits, dials again; for a refusal that only
 * a person can lift it waits long. Meets: a fleet that lost its collector and would all come back in the same second.
 */
import type { LookupFunction } from 'node:net'
import { hostname } from 'node:os'
import type { SecureContext } from 'node:tls'
import type { Logger } from 'pino'
import type { GoodbyeReason, IsolationStatus } from '#shared/domain/endpoint.ts'
import { Fault, sentenceOf } from '#shared/domain/fault.ts'
import { minutes, seconds, type Time } from '#shared/domain/time.ts'
import { CloseCode, RefusalCode } from '#shared/protocol/close-codes.ts'
import { protocolMinor } from '#shared/protocol/limits.ts'
import type { Progress } from '#shared/protocol/messages.ts'
import type { Credentials } from '../identity/files.ts'
import type { Identity } from '../identity/identity.ts'
import type { Spool } from '../spool/spool.ts'
import { type Backoff, backoffMs, ordinary, refusedForGood } from './backoff.ts'
import { type DialOutcome, dial, secureContextOf } from './dial.ts'
import { type DocumentExchange, Session, type SessionEnd, type Takers } from './session.ts'

export interface WireOptions {
  identity: Pick<Identity, 'collector' | 'credentials'> & Partial<Pick<Identity, 'dialled'>> & { lookup: LookupFunction | undefined }
  documents?: DocumentExchange
  spool: Spool
  time: Time
  log: Logger
  version: string
  capabilities: string[]
  isolation: () => IsolationStatus
  /** Spools what is true now, once a connection. */
  appendStanding: () => Promise<void>
  onCommand: Takers['onCommand']
  onWatch: (isWatched: boolean) => void
  onNeighbours?: Takers['onNeighbours']
  onTaken?: Takers['onTaken']
  onCollectorTime: (now: number) => void
  backoff?: Backoff
  /** 0 ≤ random < 1. */
  random?: () => number
}

export interface Wire {
  /** Tells the collector that this command stands in the journal; lost when there is no connection. */
  received(commandId: string, at: number): void
  /** How a command comes along; false: it could not be sent, and is lost. */
  progress(said: Progress): boolean
  isConnected(): boolean
  /** Asks the collector for a sign of life. */
  ask(): void
  /** Monotonic, of its last sign of life; undefined: nothing is connected. */
  heardAt(): number | undefined
  /** Says goodbye, flushed, and dials again once the machine has slept, or a few seconds later if it didn't. */
  pause(reason: GoodbyeReason): Promise<void>
  /** Says goodbye, flushed, and dials no more. */
  stop(reason: GoodbyeReason): Promise<void>
}

type Attempt = { kind: 'ended'; end: SessionEnd } | Exclude<DialOutcome, { kind: 'open' }>

const longestRequestedWaitMs = minutes(10)
/**
 * Longer than a machine takes to fall asleep once it said so. On Linux the monotonic clock stands still meanwhile, so
 * the rest of this passes after it woke; where that clock goes on, all of it has passed by then.
 */
const fallsAsleepWithinMs = seconds(10)
/** A renewal that is under way is not waited for longer than this. */
const stopTimeoutMs = seconds(2)
const blamesUs: ReadonlySet<number> = new Set([
  CloseCode.Malformed,
  CloseCode.TooLarge,
  CloseCode.Revoked,
  CloseCode.HelloTimeout,
  CloseCode.AlreadyConnected,
  CloseCode.Gap,
  CloseCode.UnsupportedVersion,
  CloseCode.TooFast,
])
const liftedByPeople: ReadonlySet<string> = new Set([
  RefusalCode.CertificateRevoked,
  RefusalCode.CertificateForeign,
  RefusalCode.CertificateMissing,
  RefusalCode.EndpointUnknown,
])

export function startWire(options: WireOptions): Wire {
  return new DialingWire(options)
}

class DialingWire implements Wire {
  readonly #options: WireOptions
  readonly #running: Promise<void>
  #dialing = new AbortController()
  #session: Session | undefined
  #endWait: (() => void) | undefined
  #stopReason: GoodbyeReason | undefined
  /** Set from `pause` until the rest that it asks for begins. */
  #pauseReason: GoodbyeReason | undefined
  #attempt = 0
  #mustRenew = false
  #tls: { of: Credentials; context: SecureContext } | undefined
  #lastComplaint = ''

  constructor(options: WireOptions) {
    this.#options = options
    this.#running = this.#run()
  }

  received(commandId: string, at: number): void {
    this.#session?.received(commandId, at)
  }

  progress(said: Progress): boolean {
    return this.#session?.progress(said) ?? false
  }

  isConnected(): boolean {
    return this.#session?.isWelcome ?? false
  }

  ask(): void {
    this.#session?.ask()
  }

  heardAt(): number | undefined {
    return this.#session?.heardAt
  }

  async pause(reason: GoodbyeReason): Promise<void> {
    this.#pauseReason = reason
    await this.#leave(reason)
  }

  async stop(reason: GoodbyeReason): Promise<void> {
    this.#stopReason ??= reason
    await this.#leave(reason)
    await Promise.race([this.#running, this.#wait(stopTimeoutMs)])
  }

  /** Whatever is under way ends: a try, a session, a wait. */
  async #leave(reason: GoodbyeReason): Promise<void> {
    this.#dialing.abort()
    this.#endWait?.()
    await this.#session?.leave(reason)
  }

  get #leavingFor(): GoodbyeReason | undefined {
    return this.#stopReason ?? this.#pauseReason
  }

  async #run(): Promise<void> {
    while (this.#stopReason === undefined) {
      const attempt = await this.#connect()
      if (this.#leavingFor === undefined) await this.#waitAfter(attempt)
      while (this.#pauseReason !== undefined && this.#stopReason === undefined) await this.#rest()
    }
  }

  /** Paused again meanwhile, it begins anew. */
  async #rest(): Promise<void> {
    this.#pauseReason = undefined
    this.#attempt = 0
    await this.#wait(fallsAsleepWithinMs + backoffMs(0, this.#random(), this.#options.backoff))
  }

  async #connect(): Promise<Attempt> {
    const { collector } = this.#options.identity
    const dialed = await this.#dial(collector)
    this.#mustRenew = dialed.kind === 'refused' && dialed.code === RefusalCode.CertificateExpired
    if (dialed.kind !== 'open' && !this.#mustRenew) this.#failed(collector)
    if (dialed.kind !== 'open') return dialed
    const session = this.#begin(dialed, collector)
    this.#session = session
    if (this.#leavingFor !== undefined) void session.leave(this.#leavingFor)
    const end = await session.ended
    this.#session = undefined
    this.#options.onWatch(false)
    if (end.kind === 'lost' && !end.wasWelcome) this.#failed(collector)
    return { kind: 'ended', end }
  }

  /** It may have moved to another of its addresses; unless it was we who broke off. */
  #failed(collector: string): void {
    if (this.#leavingFor === undefined) this.#options.identity.dialled?.(collector, 'failed')
  }

  async #dial(collector: string): Promise<DialOutcome> {
    const { lookup } = this.#options.identity
    this.#dialing = new AbortController()
    const stop = this.#dialing.signal
    try {
      const tls = this.#tlsWith(await this.#options.identity.credentials(this.#mustRenew))
      return await dial({ collector, tls, time: this.#options.time, lookup, stop })
    } catch (error) {
      if (error instanceof Fault && !error.isRetryable) return { kind: 'refused', code: error.code, message: error.message }
      return { kind: 'unreachable', message: sentenceOf(error) }
    }
  }

  /** Kept between dials: the whole fleet comes back at once. */
  #tlsWith(credentials: Credentials): SecureContext {
    if (this.#tls?.of !== credentials) this.#tls = { of: credentials, context: secureContextOf(credentials) }
    return this.#tls.context
  }

  #begin({ socket }: Extract<DialOutcome, { kind: 'open' }>, collector: string): Session {
    const { spool, time, log, documents, onCollectorTime, onCommand, onWatch, onNeighbours, onTaken } = this.#options
    const takers = {
      ...{ onCollectorTime, onCommand, onWatch },
      ...(onNeighbours && { onNeighbours }),
      ...(onTaken && { onTaken }),
      onWelcome: (takesStanding: boolean) => this.#welcome(collector, takesStanding),
    }
    return new Session({ socket, spool, time, log, hello: this.#hello(), takers, documents })
  }

  #hello(): ConstructorParameters<typeof Session>[0]['hello'] {
    const { spool, time, version, capabilities, isolation, documents } = this.#options
    const last = {
      security: spool.last('security'),
      signals: spool.last('signals'),
      inventory: spool.last('inventory'),
      samples: spool.last('samples'),
    }
    return {
      kind: 'hello',
      protocolMinor,
      agentVersion: version,
      capabilities,
      hostname: hostname().slice(0, 253),
      now: time.now(),
      epoch: spool.epoch,
      last,
      isolation: isolation(),
      ...(documents && { documents: documents.numbers() }),
    }
  }

  #welcome(collector: string, takesStanding: boolean): void {
    this.#lastComplaint = ''
    this.#options.identity.dialled?.(collector, 'welcomed')
    this.#options.log.info({ collector }, 'connected')
    if (takesStanding) this.#tell(this.#options.appendStanding(), 'what is true now could not be spooled')
  }

  #tell(doing: Promise<void>, complaint: string): void {
    doing.catch((error: unknown) => this.#options.log.error({ reason: sentenceOf(error) }, complaint))
  }

  async #waitAfter(attempt: Attempt): Promise<void> {
    const waitMs = this.#waitMsAfter(attempt)
    this.#complain(attempt, waitMs)
    await this.#wait(waitMs)
  }

  #waitMsAfter(attempt: Attempt): number {
    if (attempt.kind === 'ended' && attempt.end.kind === 'goodbye') {
      this.#attempt = 0
      return Math.min(attempt.end.retryAfterMs, longestRequestedWaitMs)
    }
    if (attempt.kind === 'ended' && attempt.end.kind === 'lost' && attempt.end.wasWelcome && !blamesUs.has(attempt.end.code))
      this.#attempt = 0
    const isForGood = attempt.kind === 'refused' && liftedByPeople.has(attempt.code)
    const backoff = isForGood ? refusedForGood : (this.#options.backoff ?? ordinary)
    return backoffMs(this.#attempt++, this.#random(), backoff)
  }

  #random(): number {
    return (this.#options.random ?? Math.random)()
  }

  /** The same trouble is said once, however often it is met. */
  #complain(attempt: Attempt, waitMs: number): void {
    const complaint = complaintOf(attempt)
    const level = complaint === this.#lastComplaint ? 'debug' : 'warn'
    this.#lastComplaint = complaint
    this.#options.log[level]({ retryInMs: Math.round(waitMs) }, complaint)
  }

  #wait(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const cancel = this.#options.time.after(ms, resolve)
    this.#endWait = () => {
      cancel()
      resolve()
    }
    return promise
  }
}

function complaintOf(attempt: Attempt): string {
  if (attempt.kind === 'refused') return `the collector refuses this agent: ${attempt.message} (${attempt.code})`
  if (attempt.kind === 'unreachable') return `the collector can't be reached: ${attempt.message}`
  if (attempt.end.kind === 'goodbye') return 'the collector goes away for a moment'
  const { code, reason } = attempt.end
  return `the connection to the collector ended (${code}${reason === '' ? '' : `, ${reason}`})`
}
