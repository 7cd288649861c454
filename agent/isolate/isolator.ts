import type { Logger } from 'pino'
import type { IsolationReadiness, IsolationStatus } from '#shared/domain/endpoint.ts'
import { Fault, sentenceOf } from '#shared/domain/fault.ts'
import { type Cancel, seconds, type Time } from '#shared/domain/time.ts'
import type { Lane, RecordBody } from '#shared/protocol/record.ts'
import type { Happening } from '../signal/signal.ts'
import type { CollectorAddress } from './address.ts'
import type { Firewall } from './firewalls/firewall.ts'
import { HeldRules } from './held-rules.ts'
import type { Isolation } from './isolate.ts'
import type { Journal, Wish } from './journal.ts'
import type { Place } from './knock.ts'
import type { Proof } from './prove.ts'
import { Prover } from './prover.ts'
import { IsolationState } from './state.ts'
import { countDrifts, reportOf } from './trouble.ts'

/*
 * The states of isolation and the steps between them. Enters: isolate, release, reapply, and a tick every two seconds
 * while anything but "open" is wanted or true. Promises: every step ends in a state that is true; whatever failed is
 * tried again at the next tick. On failure: says so once, and keeps what it already holds.
 */

export interface IsolatorParts {
  firewall: Firewall | undefined
  isAllowed: boolean
  reason?: string | undefined
  ca: string
  collectorAddresses(): Promise<CollectorAddress[]>
  journal: Journal
  findPlaces: () => Promise<Place[]>
  happened(event: Happening): Promise<void>
  append(lane: Lane, body: RecordBody): Promise<number>
  time: Time
  log: Logger
}

/** An edited firewall is noticed within this; listing one table costs some 5 ms of a child process. */
const watchEveryMs = seconds(2)
const repairWithinMs = seconds(10)

export class Isolator implements Isolation {
  readonly #parts: IsolatorParts
  readonly #drifts = countDrifts()
  readonly #state: IsolationState
  readonly #prover: Prover
  readonly #stopping = new AbortController()
  /** Undefined where no firewall of ours fits. */
  readonly #rules: HeldRules | undefined
  #turn: Promise<unknown> = Promise.resolve()
  #cancelWatch: Cancel | undefined
  /** Monotonic instant since when the machine is not cut off although it should be. */
  #brokenSince: number | undefined

  constructor(parts: IsolatorParts) {
    this.#parts = parts
    this.#prover = new Prover(parts)
    this.#rules = parts.firewall && new HeldRules(parts.firewall)
    this.#state = new IsolationState({ ...parts, firewall: parts.firewall?.name ?? 'none' })
  }

  status(): IsolationStatus {
    return this.#state.status
  }

  async readiness(): Promise<IsolationReadiness> {
    const readiness = await this.#askReadiness()
    this.#state.ready(readiness)
    return readiness
  }

  isolate(commandId: string): Promise<IsolationStatus> {
    return this.#inTurn(async () => {
      const ready = this.#state.status.readiness.isReady ? this.#state.status.readiness : await this.readiness()
      if (!ready.isReady) return this.#state.refuse(ready.reason ?? 'not ready')
      if (this.#state.status.actual === 'isolated') return this.#state.status
      const addresses = await this.#parts.collectorAddresses().catch(() => [])
      if (addresses.length === 0) return this.#state.refuse('no address of the collector is known, so it would be cut off too')
      this.#state.become('isolating', { commandId })
      await this.#prepare(commandId, addresses)
      await this.#drop()
      this.#watch()
      return this.#state.status
    })
  }

  release(commandId: string): Promise<IsolationStatus> {
    return this.#inTurn(async () => {
      const { want } = this.#parts.journal.wish()
      if (want === 'open' && this.#state.status.actual === 'open') return this.#state.status
      this.#wish({ want: 'open', commandId, addresses: [] })
      this.#state.become('releasing', { commandId })
      if (this.#rules) await this.#open(this.#rules)
      this.#watch()
      return this.#state.status
    })
  }

  reapply(): Promise<void> {
    return this.#inTurn(async () => {
      const wish = this.#parts.journal.wish()
      const readiness = await this.readiness()
      if (wish.want === 'open') return this.#clearLeftovers()
      if (!readiness.isReady) return this.#state.fail(`this machine should be isolated, but ${readiness.reason ?? 'it can’t be'}`)
      this.#state.become('isolating', { commandId: wish.commandId, detail: 'put back at start; the proof follows' })
      if (wish.addresses.length === 0) this.#wish({ ...wish, addresses: await this.#parts.collectorAddresses().catch(() => []) })
      await this.#repair(this.#held())
      this.#watch(0)
    })
  }

  readdress(): Promise<void> {
    return this.#inTurn(async () => {
      const wish = this.#parts.journal.wish()
      if (wish.want === 'open') return
      const addresses = await this.#parts.collectorAddresses().catch(() => [])
      if (addresses.length === 0 || JSON.stringify(addresses) === JSON.stringify(wish.addresses)) return
      this.#wish({ ...wish, addresses })
      await this.#held().put(addresses)
    })
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    this.#cancelWatch?.()
    await this.#turn
  }

  /** The wish on disk, and somebody who answers: both before anything is dropped. */
  async #prepare(commandId: string, addresses: CollectorAddress[]): Promise<void> {
    const finding = this.#parts.findPlaces()
    this.#wish({ want: 'isolated', commandId, addresses })
    await this.#prover.prepare(await finding, addresses)
  }

  /** A full disk must not stop an isolation: what can't be written down is done all the same, and said. */
  #wish(wish: Pick<Wish, 'want' | 'commandId' | 'addresses'>): void {
    try {
      this.#parts.journal.write({ ...wish, at: this.#parts.time.now() })
    } catch (error) {
      this.#parts.log.error({ err: error, want: wish.want }, 'the wish could not be written to disk; a restart would forget it')
    }
  }

  #settle(): void {
    try {
      this.#parts.journal.settle()
    } catch (error) {
      this.#parts.log.error({ err: error }, 'the wish that is fulfilled could not be taken from the disk')
    }
  }

  async #drop(): Promise<void> {
    try {
      await this.#held().put(this.#addresses())
      await this.#proveDrop(this.#parts.time.now())
    } catch (error) {
      await this.#state.fail(sentenceOf(error))
    }
  }

  async #proveDrop(rulesAppliedAt: number): Promise<void> {
    const proof = await this.#prover.proveInTime(this.#addresses(), this.#stopping.signal)
    if (this.#prover.isEnough(proof)) this.#becomeIsolated({ ...proof, facts: { ...proof.facts, rulesAppliedAt } })
    else if (this.#stopping.signal.aborted) return
    else if (proof.isCutOff) await this.#seekCollector(proof)
    else await this.#state.fail('the rules are in place, but packets still get out', proof.facts)
  }

  /**
   * Cut off, and the collector is silent. If it answers once the rules are gone, the rules are to blame and stay away: a
   * host nobody can reach would be lost. If it is silent without them too, they go back and the proof is sought later.
   */
  async #seekCollector(proof: Proof): Promise<void> {
    const addresses = this.#addresses()
    await this.#held().takeAway()
    const { isCollectorReached } = await this.#prover.prove(addresses)
    if (!isCollectorReached) {
      await this.#held().put(addresses)
      return this.#state.fail('cut off, but the collector doesn’t answer, with or without the rules', proof.facts)
    }
    this.#settle()
    return this.#state.fail('the rules cut off the collector as well, so they were taken away again', proof.facts)
  }

  async #open(rules: HeldRules): Promise<void> {
    try {
      await rules.takeAway()
      if (await rules.areThere()) return await this.#state.fail('the rules are still there after they were removed')
      this.#cancelWatch?.()
      this.#settle()
      this.#state.become('open', { proof: { rules: 'gone' }, detail: '' })
    } catch (error) {
      await this.#state.fail(sentenceOf(error))
    }
  }

  /** Rules of a release that a crash interrupted. */
  async #clearLeftovers(): Promise<void> {
    if (this.#rules && this.#state.status.readiness.isReady && (await this.#rules.areThere())) await this.#open(this.#rules)
  }

  #watch(afterMs = watchEveryMs): void {
    this.#cancelWatch?.()
    if (this.#stopping.signal.aborted || !this.#isWatchNeeded()) return
    this.#cancelWatch = this.#parts.time.after(afterMs, () => {
      void this.#inTurn(() => this.#look())
        .catch((error: unknown) => this.#parts.log.error({ err: error }, 'looking after the isolation failed'))
        .finally(() => this.#watch())
    })
  }

  /** What changes without a command asking for it has no result of its own, so it is reported. */
  async #look(): Promise<void> {
    const before = this.#state.status.actual
    await this.#tick()
    const { status } = this.#state
    const report = status.actual === before ? undefined : reportOf(status, this.#parts.time.now())
    if (report) await this.#parts.append('security', report)
  }

  #isWatchNeeded(): boolean {
    return this.#parts.journal.wish().want === 'isolated' || this.#state.status.actual !== 'open'
  }

  /** Makes true what the journal wants, and says when that takes too long. */
  async #tick(): Promise<void> {
    const rules = this.#held()
    if (this.#parts.journal.wish().want === 'open') return this.#open(rules)
    const isRepaired = await this.#repair(rules)
    if (this.#state.status.actual === 'isolated' && !isRepaired) return
    const proof = await this.#prover.prove(this.#addresses())
    if (this.#prover.isEnough(proof)) return this.#becomeIsolated(proof)
    this.#brokenSince = proof.isCutOff ? undefined : (this.#brokenSince ?? this.#parts.time.monotonic())
    const isLate = this.#brokenSince !== undefined && this.#parts.time.monotonic() - this.#brokenSince >= repairWithinMs
    if (isLate) await this.#state.fail('this machine should be cut off, and for 10 s it has not been', proof.facts)
  }

  /** True when the rules were not as we had left them and were put in place again. */
  async #repair(rules: HeldRules): Promise<boolean> {
    const found = await rules.look()
    if (found === 'as left') return false
    if (found !== 'unknown') await this.#noteDrift(found)
    try {
      await rules.put(this.#addresses())
    } catch (error) {
      this.#parts.log.error({ err: error }, 'the isolation rules could not be put in place')
    }
    return true
  }

  async #noteDrift(found: 'changed' | 'gone'): Promise<void> {
    const { time, log } = this.#parts
    log.warn({ rules: found }, 'somebody touched the isolation rules; putting them back')
    this.#state.become('isolating', { detail: `the rules were ${found}; they are being put back` })
    if (this.#drifts.note(time.now())) await this.#state.say('the isolation rules were touched 3 times within 10 minutes', { rules: found })
  }

  #becomeIsolated(proof: Proof): void {
    this.#brokenSince = undefined
    this.#state.become('isolated', { proof: proof.facts, detail: '' })
  }

  async #askReadiness(): Promise<IsolationReadiness> {
    const { firewall, isAllowed, reason } = this.#parts
    if (!isAllowed) return { isReady: false, reason: reason ?? 'off' }
    return firewall ? firewall.readiness() : { isReady: false, reason: 'isolation is not built for this operating system yet' }
  }

  /** Pinned with the wish, so that no name has to be resolved while nobody answers. */
  #addresses(): CollectorAddress[] {
    return this.#parts.journal.wish().addresses
  }

  #held(): HeldRules {
    if (!this.#rules) throw new Fault('no-firewall', 'this operating system has no firewall we know')
    return this.#rules
  }

  #inTurn<Value>(work: () => Promise<Value>): Promise<Value> {
    const mine = this.#turn.then(work)
    this.#turn = mine.catch(() => undefined)
    return mine
  }
}
