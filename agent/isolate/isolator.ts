import type { Logger } from 'pino'
import type { IsolationReadiness, IsolationStatus } from '#shared/domain/endpoint.ts'
import { Fault, sentenceOf } from '#shared/domain/fault.ts'
import type { IsolationSettings } from '#shared/domain/isolation-settings.ts'
import type { Time } from '#shared/domain/time.ts'
import type { Lane, RecordBody } from '#shared/protocol/record.ts'
import type { Happening } from '../signal/signal.ts'
import type { CollectorAddress } from './address.ts'
import { Closing } from './closing.ts'
import type { Firewall } from './firewalls/firewall.ts'
import type { HeldRules } from './held-rules.ts'
import type { Isolation } from './isolate.ts'
import type { Journal, Wish } from './journal.ts'
import { Keeping } from './keeping.ts'
import type { Uptime } from './lease.ts'
import type { Prover } from './prover.ts'
import { IsolationState } from './state.ts'

/*
 * The states of isolation and the steps between them. Enters: isolate, release, reapply, one at a time in the order asked. Promises:
 * every step ends in a state that is true; whatever failed is tried again by `Keeping`. On failure: says so once, and keeps what it
 * already holds.
 */

export interface IsolatorParts {
  firewall: Firewall | undefined
  rules: HeldRules | undefined
  prover: Prover
  isAllowed: boolean
  reason?: string | undefined
  settings(): IsolationSettings
  uptime(): Uptime | undefined
  collectorAddresses(): Promise<CollectorAddress[]>
  /** More that can stand in the way of an isolation than the firewall knows of. */
  whyNot(): Promise<string | undefined>
  /** What an isolation would lack. */
  gaps(): Promise<string[]>
  journal: Journal
  happened(event: Happening): Promise<void>
  append(lane: Lane, body: RecordBody): Promise<number>
  /** Of an isolation that begins. */
  nextNumber(): number
  changed(status: IsolationStatus): void
  /** The machine is closed, or open again. */
  onClosed(isClosed: boolean): void
  time: Time
  log: Logger
}

export class Isolator implements Isolation {
  readonly #parts: IsolatorParts
  readonly #state: IsolationState
  readonly #closing: Closing
  readonly #keeping: Keeping
  readonly #stopping = new AbortController()
  #turn: Promise<unknown> = Promise.resolve()

  constructor(parts: IsolatorParts) {
    this.#parts = parts
    this.#state = new IsolationState({ ...parts, firewall: parts.firewall?.name ?? 'none' })
    const shared = {
      ...{ ...parts, state: this.#state, stop: this.#stopping.signal, rules: () => this.#held() },
      ...{ wish: (wish: Omit<Wish, 'v' | 'at'>) => this.#wish(wish), settle: () => this.#settle() },
      wishBeside: (wish: Omit<Wish, 'v' | 'at'>) => this.#wishBeside(wish),
    }
    this.#closing = new Closing(shared)
    this.#keeping = new Keeping({ ...shared, closing: this.#closing, open: () => this.#open(), inTurn: (work) => this.#inTurn(work) })
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
      if (this.#state.status.actual === 'isolated') return this.#state.status
      const ready = this.#state.status.readiness.isReady ? this.#state.status.readiness : await this.readiness()
      if (!ready.isReady && !this.#carriesOn()) return this.#state.refuse(ready.reason ?? 'not ready', commandId)
      const found = await this.#parts.collectorAddresses().catch(() => [])
      const addresses = found.length === 0 && this.#carriesOn() ? this.#parts.journal.wish().addresses : found
      if (addresses.length === 0) return this.#state.refuse('no address of the collector is known, so it would be cut off too', commandId)
      const number = this.#number()
      this.#state.become('isolating', { commandId, number })
      await this.#closing.close(commandId, number, addresses)
      this.#keeping.watch()
      return this.#state.status
    })
  }

  release(commandId: string): Promise<IsolationStatus> {
    return this.#inTurn(async () => {
      const { want } = this.#parts.journal.wish()
      if (want === 'open' && this.#state.status.actual === 'open') return this.#state.status
      this.#wish({ want: 'open', commandId, addresses: [] })
      this.#state.become('releasing', { commandId })
      if (this.#parts.rules) await this.#open()
      this.#keeping.watch()
      return this.#state.status
    })
  }

  reapply(): Promise<void> {
    return this.#inTurn(async () => {
      const wish = this.#parts.journal.wish()
      const readiness = await this.readiness()
      if (wish.want === 'open') return this.#clearLeftovers()
      if (!this.#carriesOn()) return this.#failUnready(readiness)
      const number = this.#number()
      this.#state.become('isolating', { commandId: wish.commandId, number, detail: 'put back at start; the proof follows' })
      this.#parts.onClosed(true)
      this.#parts.prover.remember(wish.provenAt !== undefined)
      const addresses = wish.addresses.length === 0 ? await this.#parts.collectorAddresses().catch(() => []) : wish.addresses
      if (addresses !== wish.addresses || wish.number === undefined) this.#wish({ ...wish, number, addresses })
      await this.#keeping.repair()
      if (!readiness.isReady && !(await this.#areRulesThere())) await this.#failUnready(readiness)
      this.#keeping.watch(0)
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
      this.#held().secure(addresses)
    })
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    this.#keeping.rest()
    await this.#turn
    await this.#parts.rules?.letGo()
  }

  /** What would refuse a new isolation, such as a guest that runs here now, opens none that is wanted already. */
  #carriesOn(): boolean {
    const { isAllowed, rules, journal } = this.#parts
    return isAllowed && rules !== undefined && journal.wish().want === 'isolated'
  }

  #areRulesThere(): Promise<boolean> {
    const none = (): boolean => false
    return this.#held().areThere().catch(none)
  }

  #failUnready({ reason = 'it can’t be' }: IsolationReadiness): Promise<void> {
    return this.#state.fail(`this machine should be isolated, but ${reason}`)
  }

  /** Asked twice to be closed, it is the same isolation. */
  #number(): number {
    const { want, number } = this.#parts.journal.wish()
    return want === 'isolated' && number !== undefined ? number : this.#parts.nextNumber()
  }

  /** A full disk must not stop an isolation: what can't be written down is done all the same, and said. */
  #wish(wish: Omit<Wish, 'v' | 'at'>): void {
    try {
      this.#parts.journal.write({ ...wish, at: this.#parts.time.now() })
    } catch (error) {
      this.#complain(error, wish)
    }
  }

  #wishBeside(wish: Omit<Wish, 'v' | 'at'>): Promise<void> {
    return this.#parts.journal.writeBeside({ ...wish, at: this.#parts.time.now() }).catch((error: unknown) => this.#complain(error, wish))
  }

  #complain(error: unknown, { want }: Pick<Wish, 'want'>): void {
    this.#parts.log.error({ err: error, want }, 'the wish could not be written to disk; a restart would forget it')
  }

  #settle(): void {
    try {
      this.#parts.journal.settle()
    } catch (error) {
      this.#parts.log.error({ err: error }, 'the wish that is fulfilled could not be taken from the disk')
    }
  }

  async #open(): Promise<void> {
    const rules = this.#held()
    try {
      await rules.takeAway()
      if (await rules.areThere()) return await this.#state.fail('the rules are still there after they were removed')
      this.#keeping.rest()
      this.#settle()
      this.#state.become('open', { proof: { rules: 'gone' }, detail: '' })
      this.#parts.onClosed(false)
    } catch (error) {
      await this.#state.fail(sentenceOf(error))
    }
  }

  /** Rules of a release that a crash interrupted. */
  async #clearLeftovers(): Promise<void> {
    const { rules } = this.#parts
    if (rules && this.#state.status.readiness.isReady && (await rules.areThere())) await this.#open()
  }

  async #askReadiness(): Promise<IsolationReadiness> {
    const { firewall, isAllowed, reason, whyNot, gaps } = this.#parts
    if (!isAllowed) return { isReady: false, reason: reason ?? 'off' }
    if (!firewall) return { isReady: false, reason: 'isolation is not built for this operating system yet' }
    const ready = await firewall.readiness()
    if (!ready.isReady) return ready
    const why = await whyNot().catch((error: unknown) => this.#parts.log.warn({ reason: sentenceOf(error) }, 'readiness is known in part'))
    if (why) return { isReady: false, reason: why.slice(0, 300) }
    const lacking = await gaps()
    return lacking.length === 0 ? ready : { ...ready, gaps: lacking.map((gap) => gap.slice(0, 300)) }
  }

  #held(): HeldRules {
    if (!this.#parts.rules) throw new Fault('no-firewall', 'this operating system has no firewall we know')
    return this.#parts.rules
  }

  #inTurn<Value>(work: () => Promise<Value>): Promise<Value> {
    const mine = this.#turn.then(work)
    this.#turn = mine.catch(() => undefined)
    return mine
  }
}
