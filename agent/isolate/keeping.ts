import type { ActualIsolation } from '#shared/domain/endpoint.ts'
import { type Cancel, minutes, seconds } from '#shared/domain/time.ts'
import type { Lane, RecordBody } from '#shared/protocol/record.ts'
import type { Happening } from '../signal/signal.ts'
import type { Closing, ClosingParts } from './closing.ts'
import { carriedOn, isOver } from './lease.ts'
import { countDrifts, isolationDrifted, leaseEnded, reportOf } from './trouble.ts'

/*
 * Keeps closed what is closed. Enters: a tick every two seconds, and at once whenever our rules are touched. Leaves: rules as they
 * were put, and a signal of who touched them. Promises: whatever failed is tried again at the next tick. On failure: logged, and
 * said when the machine has not been cut off for ten seconds.
 */

export interface KeepingParts extends ClosingParts {
  closing: Closing
  open(): Promise<void>
  inTurn(work: () => Promise<void>): Promise<void>
  happened(event: Happening): Promise<void>
  append(lane: Lane, body: RecordBody): Promise<number>
}

/** An edited firewall is noticed within this, also where nothing tells of it; listing our tables costs some 10 ms. */
const watchEveryMs = seconds(2)
export const repairWithinMs = seconds(10)
const driftReportedEveryMs = minutes(1)

export class Keeping {
  readonly #parts: KeepingParts
  readonly #drifts = countDrifts()
  #cancelWatch: Cancel | undefined
  #stopWatching: (() => void) | undefined
  #isTouched = false
  /** Monotonic instant since when the machine is not cut off although it should be. */
  #brokenSince: number | undefined
  /** What the collector was told last, or knew before. */
  #reported: ActualIsolation | undefined
  #driftReportedAt: number | undefined

  constructor(parts: KeepingParts) {
    this.#parts = parts
  }

  watch(afterMs = watchEveryMs): void {
    this.#cancelWatch?.()
    if (this.#parts.stop.aborted || !this.#isNeeded()) return
    this.#stopWatching ??= this.#parts.rules().watch(() => this.#touched())
    this.#cancelWatch = this.#parts.time.after(afterMs, () => {
      this.#isTouched = false
      void this.#parts
        .inTurn(() => this.#look())
        .catch((error: unknown) => this.#parts.log.error({ err: error }, 'looking after the isolation failed'))
        .finally(() => this.watch(this.#isTouched ? 0 : watchEveryMs))
    })
  }

  /** The machine is open, or the agent ends: nothing to look after. */
  rest(): void {
    this.#cancelWatch?.()
    this.#stopWatching?.()
    this.#stopWatching = undefined
  }

  /** True when the rules were not as we had left them and were put in place again. */
  async repair(): Promise<boolean> {
    const { log, journal } = this.#parts
    const rules = this.#parts.rules()
    const { addresses } = journal.wish()
    const found = await rules.look().catch((error: unknown) => this.#unread(error))
    if (found === 'as left') {
      if (!rules.isHeld()) rules.hold(addresses)
      return false
    }
    // Putting them back waits for no disk.
    const noted = found === 'changed' || found === 'gone' ? this.#noteDrift(found) : undefined
    try {
      await rules.put(addresses)
      rules.secure(addresses)
    } catch (error) {
      log.error({ err: error }, 'the isolation rules could not be put in place')
    }
    await noted
    return true
  }

  /** Rules that can't be listed are put anew rather than believed. */
  #unread(error: unknown): 'unknown' {
    this.#parts.log.error({ err: error }, 'the isolation rules could not be listed')
    return 'unknown'
  }

  #touched(): void {
    this.#isTouched = true
    this.watch(0)
  }

  #isNeeded(): boolean {
    const { journal, state } = this.#parts
    return journal.wish().want === 'isolated' || !['open', 'refused'].includes(state.status.actual)
  }

  /** What changes without a command asking for it has no result of its own, so it is reported. */
  async #look(): Promise<void> {
    const { state } = this.#parts
    this.#reported = state.status.actual
    await this.#tick()
    if (state.status.actual !== this.#reported) await this.#report()
  }

  async #report(): Promise<void> {
    const { state, time, append } = this.#parts
    this.#reported = state.status.actual
    const report = reportOf(state.status, time.now())
    if (report) await append('security', report)
  }

  /** Makes true what the journal wants, and says when that takes too long. */
  async #tick(): Promise<void> {
    const { journal, state, prover, closing } = this.#parts
    if (journal.wish().want === 'open') return state.status.actual === 'open' ? undefined : this.#parts.open()
    if (this.#isLeaseOver()) return this.#endLease()
    const isRepaired = await this.repair()
    if (!isRepaired && (state.status.actual === 'isolated' || this.#hasSaidAll())) return
    const tried = await prover.prove(journal.wish().addresses)
    if (tried.isCutOff) this.#brokenSince = undefined
    if (tried.verdict !== 'ineffective') return closing.settleOn(tried)
    const now = this.#parts.time.monotonic()
    this.#brokenSince ??= now
    if (now - this.#brokenSince < repairWithinMs) return
    await closing.settleOn(tried)
    await state.sayOnce('this machine should be cut off, and for 10 s it has not been', tried.facts)
  }

  #isLeaseOver(): boolean {
    const { journal, uptime, wish } = this.#parts
    const { v: _, at: __, ...kept } = journal.wish()
    const now = kept.lease && uptime()
    if (!kept.lease || !now) return false
    const lease = carriedOn(kept.lease, now)
    if (lease) wish({ ...kept, lease })
    return isOver(kept.lease, now)
  }

  async #endLease(): Promise<void> {
    const { journal, wish, state, open } = this.#parts
    const { commandId, lease } = journal.wish()
    await state.tell(leaseEnded(state.firewall, lease?.ms ?? 0))
    wish({ want: 'open', commandId, addresses: [] })
    state.become('releasing', { detail: 'its lease is over' })
    await open()
  }

  /** Unproven for want of anybody who answered before: asking the collector again changes nothing of that. */
  #hasSaidAll(): boolean {
    const { actual, proof } = this.#parts.state.status
    return (
      actual === 'unproven' && typeof proof?.collectorAfterIsolation === 'string' && proof.collectorAfterIsolation.startsWith('answered')
    )
  }

  /** It is a state like any other, however short; whoever flushes in a loop is told of by signals, and by these once a minute. */
  #mayReportDrift(): boolean {
    const now = this.#parts.time.monotonic()
    if (now - (this.#driftReportedAt ?? Number.NEGATIVE_INFINITY) < driftReportedEveryMs) return false
    this.#driftReportedAt = now
    return true
  }

  async #noteDrift(found: 'changed' | 'gone'): Promise<void> {
    const { time, log, state } = this.#parts
    log.warn({ rules: found }, 'somebody touched the isolation rules; putting them back')
    state.become('drifted', { detail: `the rules were ${found}; they are being put back` })
    await state.tell(isolationDrifted(state.firewall, found))
    if (this.#mayReportDrift()) await this.#report()
    if (this.#drifts.note(time.now())) await state.say('the isolation rules were touched 3 times within 10 minutes', { rules: found })
  }
}
