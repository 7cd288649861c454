import type { Logger } from 'pino'
import { Fault, sentenceOf } from '#shared/domain/fault.ts'
import type { IsolationSettings } from '#shared/domain/isolation-settings.ts'
import { hours, type Time } from '#shared/domain/time.ts'
import type { CollectorAddress } from './address.ts'
import type { HeldRules } from './held-rules.ts'
import type { Journal, Wish } from './journal.ts'
import { beginLease, type Uptime } from './lease.ts'
import type { Proof } from './prove.ts'
import { isGood, type Prover, type Verdict } from './prover.ts'
import type { IsolationState } from './state.ts'

/*
 * From open to closed. Enters: a command and the collector's addresses. Leaves: rules, and a state that says what was proven of them.
 * Promises: somebody who answers is known before anything is dropped, and the wish is on disk before anything is said: until then the
 * journal of commands and the rules that stand bear it over a crash; closed stays closed, whatever the proof says, except where the
 * policy says `reopen` and the rules are plainly to blame for the collector's silence. On failure: nothing was changed, and it is tried again. Threat: an intruder who makes the proof fail so that the machine opens by itself.
 */

export interface ClosingParts {
  rules(): HeldRules
  prover: Prover
  state: IsolationState
  journal: Journal
  wish(wish: Omit<Wish, 'v' | 'at'>): void
  /** Holds at once, and is on disk, or couldn't be, when it resolves; it never rejects. */
  wishBeside(wish: Omit<Wish, 'v' | 'at'>): Promise<void>
  settle(): void
  settings(): IsolationSettings
  uptime(): Uptime | undefined
  collectorAddresses(): Promise<CollectorAddress[]>
  onClosed(isClosed: boolean): void
  /** Aborted when the agent ends. */
  stop: AbortSignal
  time: Time
  log: Logger
}

type Tried = Proof & { verdict: Verdict }

export class Closing {
  readonly #parts: ClosingParts

  constructor(parts: ClosingParts) {
    this.#parts = parts
  }

  async close(commandId: string, number: number, addresses: CollectorAddress[]): Promise<void> {
    const { prover, wishBeside, onClosed, rules, time } = this.#parts
    const preparing = prover.prepare(addresses)
    const written = wishBeside({ want: 'isolated', commandId, number, addresses, ...this.#lease() })
    await preparing
    onClosed(true)
    try {
      await rules().put(addresses)
      await this.#prove(time.now(), written)
    } catch (error) {
      await written
      await this.#failed(error, commandId)
    }
  }

  /** What a later look makes of it: nothing is said that the state before didn't know. */
  async settleOn({ verdict, facts }: Tried): Promise<void> {
    const { state, rules } = this.#parts
    const ruleset = rules().text(this.#addresses())
    const proof = { ...facts, ...(ruleset !== undefined && { ruleset }) }
    if (verdict === 'proven') return this.#proven(proof)
    const detail = sayings[verdict]
    if (verdict === 'ineffective') state.become('ineffective', { detail, proof })
    else state.become('unproven', { detail, proof })
  }

  async #prove(rulesAppliedAt: number, written: Promise<void>): Promise<void> {
    const { prover, stop, state } = this.#parts
    let [tried] = await Promise.all([prover.prove(this.#addresses()), written])
    // Each of its child processes holds this one up while it is made: what is proven is said first.
    const isProven = tried.verdict === 'proven'
    if (!isProven) this.#secure()
    if (!isGood(tried.verdict)) tried = await prover.proveInTime(this.#addresses(), stop)
    if (stop.aborted && tried.verdict !== 'proven') return
    if (tried.verdict === 'lost') tried = await this.#pinAgain(tried)
    await this.settleOn({ ...tried, facts: { ...tried.facts, rulesAppliedAt } })
    if (isProven) this.#secure()
    if (tried.verdict === 'lost' && this.#parts.settings().unproven === 'reopen') return this.#reopen(tried)
    if (tried.verdict !== 'proven') await state.say(sayings[tried.verdict], tried.facts)
  }

  #secure(): void {
    this.#parts.rules().secure(this.#addresses())
  }

  /** Once: its name may mean another address by now. */
  async #pinAgain(before: Tried): Promise<Tried> {
    const { prover, stop, collectorAddresses, journal, wish, rules } = this.#parts
    const addresses = await collectorAddresses().catch(() => [])
    if (addresses.length === 0) return before
    wish({ ...journal.wish(), addresses })
    await rules().put(addresses)
    rules().secure(addresses)
    return prover.proveInTime(addresses, stop)
  }

  async #reopen({ facts }: Proof): Promise<void> {
    const { rules, settle, state, onClosed } = this.#parts
    await rules().takeAway()
    settle()
    onClosed(false)
    await state.fail('the rules cut off the collector as well, so they were taken away again, as the policy says', facts)
  }

  #proven(facts: Proof['facts']): void {
    const { state, journal, wish, time } = this.#parts
    state.become('isolated', { proof: facts, detail: '' })
    const { v: _, at: __, ...kept } = journal.wish()
    if (kept.provenAt === undefined) wish({ ...kept, provenAt: time.now() })
  }

  /** Somebody else's rules under our name: nothing was touched, and it isn't tried again. */
  async #failed(error: unknown, commandId: string): Promise<void> {
    const { state, settle, onClosed } = this.#parts
    if (!(error instanceof Fault && error.code === 'firewall-foreign')) return state.fail(sentenceOf(error))
    settle()
    onClosed(false)
    await state.refuse(error.message, commandId)
  }

  /** As the policy says now: whoever changes it later neither opens nor keeps what is closed already. */
  #lease(): Pick<Wish, 'lease'> {
    const { leaseHours } = this.#parts.settings()
    const now = this.#parts.uptime()
    return leaseHours === null || !now ? {} : { lease: beginLease(hours(leaseHours), now) }
  }

  /** Pinned with the wish, so that no name has to be resolved while nobody answers. */
  #addresses(): CollectorAddress[] {
    return this.#parts.journal.wish().addresses
  }
}

const sayings: Record<Verdict, string> = {
  proven: '',
  unproven: 'cut off, but not proven: nothing else answered just before, so no silence proves it',
  ineffective: 'the rules are in place, but something else than the collector is still reached; it stays closed',
  lost: 'cut off; the collector answered before and doesn’t now, and it stays closed',
  silent: 'cut off; the collector was silent before as well, and it stays closed',
}
