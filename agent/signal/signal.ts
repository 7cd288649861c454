import type { Logger } from 'pino'
import { Fault } from '#shared/domain/fault.ts'
import { isSecurity, type Signal, type StandingSignal } from '#shared/domain/signal.ts'
import { type Cancel, seconds, type Time } from '#shared/domain/time.ts'
import { unawaited } from '#shared/domain/unawaited.ts'
import { maxRecordBytes } from '#shared/protocol/limits.ts'
import { type Lane, laneOf, type RecordBody } from '#shared/protocol/record.ts'
import type { JsonFile } from '../json-file.ts'
import type { DurableSpool } from '../spool/spool.ts'
import { differences } from './differences.ts'
import { type Finding, type Happening, makeSignal, signalId } from './make-signal.ts'
import { type Memory, openMemory } from './memory.ts'
import { type LaneCounts, laneOfSignal } from './unsaid.ts'

/*
 * Reading → signal. Enters: what each detector finds to be true now, and what happened. Leaves: signals into the spool,
 * each said once when it starts and once when it clears. Promises: nothing is lost or doubled by a kill -9, because a
 * signal gets its id first, is remembered on disk second, spooled third and ticked off last; what was not ticked off is
 * spooled again with the same id, which the collector counts once. On failure: a spool that refuses is asked again after
 * two seconds, and as soon as it takes another; what waits for it is bounded (unsaid.ts), and what that costs is counted
 * and said; a memory that can't be written is logged and the signal is said all the same. Threat: findings carry text
 * from attackers, so every text is cut to its bound here.
 */
export type { Finding, Happening } from './make-signal.ts'

export interface Signals {
  /** Everything this detector finds to be true now; what it no longer finds clears. Resolves once the change is on disk. */
  report(detector: string, findings: Finding[]): Promise<void>
  /** Resolves once it is on disk, or waits in memory for a disk that refuses. Waits for no other signal: an attack does not queue behind a full disk. */
  happened(event: Happening): Promise<void>
  /** What stands from this detector, for its hysteresis. */
  standing(detector: string): StandingSignal[]
  /** All that is true now. */
  allStanding(): StandingSignal[]
  /** Appends what is true now to both signal lanes; a lane that still holds an unacknowledged one is left alone. */
  appendStanding(): Promise<void>
}

export interface SignalsOptions {
  file: JsonFile
  spool: Pick<DurableSpool, 'append' | 'acknowledged' | 'epoch' | 'lose' | 'noteWaiting' | 'waitedBefore'>
  /** Told of whatever starts, before it is on disk; must not throw. */
  noticed?: (signal: Signal) => void
  time: Time
  log: Logger
}

/** Says first what a crash kept from being said. */
export async function openSignals(options: SignalsOptions): Promise<Signals> {
  const signals = new RememberedSignals(options, await openMemory(options.file, options.time, options.log))
  signals.countForgotten()
  await signals.sayWhatIsUnsaid()
  return signals
}

/** A signal of something that happened, as it goes into the spool. */
export function recordOf(event: Happening, now: number): RecordBody & { type: 'signal' } {
  const sensedAt = Math.floor(event.sensedAt ?? now)
  const id = signalId(sensedAt, event.occurrence)
  return { v: 1, type: 'signal', signal: makeSignal(event, { id, detector: event.detector, state: 'happened', sensedAt }) }
}

const tryAgainAfterMs = seconds(2)

class RememberedSignals implements Signals {
  readonly #options: SignalsOptions
  readonly #memory: Memory
  readonly #lastStanding = new Map<Lane, { epoch: string; seq: number }>()
  #turn: Promise<void> = Promise.resolve()
  #tryAgain: Cancel | undefined
  /** A connection began while something was unsaid: the lists follow that. */
  #owesStanding = false
  /** What the spool was told last of what waits in memory. */
  #noted: LaneCounts = { security: 0, signals: 0 }

  constructor(options: SignalsOptions, memory: Memory) {
    this.#options = options
    this.#memory = memory
  }

  standing(detector: string): StandingSignal[] {
    return [...this.#memory.standing.values()].filter((signal) => signal.detector === detector)
  }

  allStanding(): StandingSignal[] {
    return [...this.#memory.standing.values()]
  }

  report(detector: string, findings: Finding[]): Promise<void> {
    return this.#inTurn(async () => {
      const said = differences(detector, this.standing(detector), findings, this.#options.time.now())
      if (said.length > 0) {
        this.#take(said)
        await this.#memory.keep()
      }
      await this.#sayUnsaid()
    })
  }

  async happened(event: Happening): Promise<void> {
    const { signal } = recordOf(event, this.#options.time.now())
    this.#options.noticed?.(signal)
    if (await this.#append(signal)) {
      if (this.#memory.unsaid.first) this.#saySoon()
      return
    }
    this.#queue(signal)
    this.#noteWaiting()
    await this.#memory.keep()
  }

  appendStanding(): Promise<void> {
    return this.#inTurn(async () => {
      await this.#sayUnsaid()
      this.#owesStanding = this.#memory.unsaid.first !== undefined
      if (!this.#owesStanding) await this.#appendAllStanding()
    })
  }

  sayWhatIsUnsaid(): Promise<void> {
    return this.#inTurn(() => this.#sayUnsaid())
  }

  /** What waited in memory when the process before this one was killed, and was not remembered either. */
  countForgotten(): void {
    const { spool, log } = this.#options
    const remembered = this.#memory.unsaid.counts()
    for (const lane of ['security', 'signals'] as const) {
      const count = spool.waitedBefore(lane) - remembered[lane]
      if (count > 0) log.error({ lane, count }, 'signals are lost: they waited in memory when the agent ended')
      spool.lose(lane, Math.max(0, count))
    }
    spool.noteWaiting(this.#noted)
  }

  #take(said: Signal[]): void {
    for (const signal of said) {
      const { state, ...standing } = signal
      if (state === 'raised') this.#memory.standing.set(signal.fingerprint, standing)
      else this.#memory.standing.delete(signal.fingerprint)
      this.#queue(signal)
      if (state === 'raised') this.#options.noticed?.(signal)
    }
  }

  #queue(signal: Signal): void {
    for (const lost of this.#memory.unsaid.add(signal)) {
      this.#options.log.error({ signal: lost.id, kind: lost.kind }, 'a signal is lost: the spool refuses and the memory is full')
      this.#options.spool.lose(laneOfSignal(lost), 1)
    }
  }

  /** In order, and no further than the first refusal: a clear must never overtake its raise. */
  async #sayUnsaid(): Promise<void> {
    if (!this.#memory.unsaid.first) return
    for (let first = this.#memory.unsaid.first; first; first = this.#memory.unsaid.first) {
      if (!(await this.#append(first))) {
        this.#noteWaiting()
        return this.#memory.keep()
      }
      this.#memory.unsaid.remove(first)
    }
    await this.#memory.keep()
    this.#noteWaiting()
    if (this.#owesStanding)
      await this.#appendAllStanding().catch((error: unknown) => this.#options.log.warn({ err: error }, 'what stands is listed later'))
  }

  async #appendAllStanding(): Promise<void> {
    this.#owesStanding = true
    await this.#appendStandingTo('security')
    await this.#appendStandingTo('signals')
    this.#owesStanding = false
  }

  /** So that the next start can count them if this process is killed now. */
  #noteWaiting(): void {
    const waiting = this.#memory.unsaid.counts()
    if (waiting.security === this.#noted.security && waiting.signals === this.#noted.signals) return
    this.#noted = waiting
    this.#options.spool.noteWaiting(waiting)
  }

  #tryAgainLater(): void {
    this.#tryAgain ??= this.#options.time.after(tryAgainAfterMs, () => {
      this.#tryAgain = undefined
      this.#saySoon()
    })
  }

  #saySoon(): void {
    unawaited(this.sayWhatIsUnsaid(), this.#options.log, 'what is unsaid could not be said')
  }

  async #append(signal: Signal): Promise<boolean> {
    const body: RecordBody = { v: 1, type: 'signal', signal }
    try {
      await this.#options.spool.append(laneOf(body), body)
      return true
    } catch (error) {
      this.#options.log.error(
        { err: error, signal: signal.id, kind: signal.kind },
        'the spool refused a signal; it is kept and tried again',
      )
      if (!(error instanceof Fault && error.code === 'spool-closed')) this.#tryAgainLater()
      return false
    }
  }

  async #appendStandingTo(lane: 'security' | 'signals'): Promise<void> {
    const { spool, log } = this.#options
    const last = this.#lastStanding.get(lane)
    if (last && last.epoch === spool.epoch && last.seq > spool.acknowledged(lane)) return
    const signals = [...this.#memory.standing.values()].filter((signal) => isSecurity(signal.kind) === (lane === 'security'))
    const body = slim({ v: 1, type: 'standing', signals })
    // A shorter list would clear at the collector what is still true here.
    if (Buffer.byteLength(JSON.stringify(body)) > maxRecordBytes) return log.error({ lane }, 'what stands does not fit one record')
    const epoch = spool.epoch
    this.#lastStanding.set(lane, { epoch, seq: await spool.append(lane, body) })
  }

  /** One change at a time, each on what the one before it left. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    const mine = this.#turn.then(work)
    this.#turn = mine.catch(() => undefined)
    return mine
  }
}

/** The evidence went with the signal itself; in the list it would only be the same again. */
function slim(body: RecordBody & { type: 'standing' }): RecordBody {
  return { ...body, signals: body.signals.map((signal) => ({ ...signal, evidence: [] })) }
}
