import { v7 as uuidv7 } from 'uuid'
import { sentenceOf } from '#shared/domain/fault.ts'
import { longestPauseMs, pauseBeyondMs, type SignedStanding, type StandingPause } from '#shared/domain/standing.ts'
import { type Cancel, minutes } from '#shared/domain/time.ts'
import { firstIssue } from '#shared/protocol/envelope.ts'
import { isTriggeredBy, maxStandingKept, type StandingOrder, type Triggering, zoneIn } from '#shared/protocol/standing-order.ts'
import type { CommandParts } from '../command.ts'
import type { RunOrder } from '../journal.ts'
import { resultOf } from '../result.ts'
import { forged } from '../suspicion.ts'
import type { Verb, VerbOutcome } from '../verb.ts'
import type { Verifier } from '../verify.ts'
import { judge } from './judge.ts'
import { type Kept, readState, type State, spend, withoutPast } from './kept.ts'
import { openWindow } from './windows.ts'

/*
 * What this machine does by itself. Enters: signed standing orders, what its own detectors say, the time. Leaves: runs,
 * each like a command, its result in the spool. Promises: a run is counted and its trigger spent on disk before it begins,
 * so none comes twice, over kill -9 too, and one that was counted and not begun is begun at the next start; the order is
 * judged anew before each run. On failure of the disk only isolating goes on, since the attacker may be who filled it.
 * Threat: an order that was forged, is over, withdrawn, somebody else's, or whose signer is an operator no longer.
 */

export interface Standing {
  /** @param timeZone where this machine stands, as its collector says. */
  take(signed: SignedStanding, timeZone?: string): Promise<VerbOutcome>
  pause(pause: StandingPause): Promise<VerbOutcome>
  /** @param since epoch ms of something that was noticed before: orders that came later are not about it. */
  noticed(signal: Triggering & { id: string }, since?: number): void
  /** After a start. */
  recover(): Promise<void>
  stop(): void
}

/** The line to the collector, as far as silence is told by it. */
export interface Contact {
  /** Asks for a sign of life. */
  ask(): void
  /** Monotonic, of the last that was heard; undefined: nothing is connected. */
  heardAt(): number | undefined
}

export interface StandingParts
  extends Pick<CommandParts, 'trust' | 'endpointId' | 'append' | 'happened' | 'time' | 'log' | 'contact' | 'standingFile'> {
  verbs: ReadonlyMap<string, Verb>
  verifiers: readonly Verifier[]
  /** The collector's time. */
  latest(): number
  /** Through the journal, like any command. */
  run(order: RunOrder): Promise<void>
}

/** What is due, and whether. */
interface Due {
  id: string
  key: string
  signal: Triggering | undefined
}

/** Windows are minutes long at least. */
const lookEveryMs = minutes(1)

export async function openStanding(parts: StandingParts): Promise<Standing> {
  return new StandingDesk(parts, await readState(parts.standingFile))
}

class StandingDesk implements Standing {
  readonly #parts: StandingParts
  #state: State
  #turn: Promise<unknown> = Promise.resolve()
  readonly #waits = new Set<Cancel>()
  #look: Cancel | undefined
  #isStopped = false
  /** Said once a start. */
  readonly #turnedAway = new Set<string>()

  constructor(parts: StandingParts, state: State) {
    this.#parts = parts
    this.#state = state
    this.#lookAgain()
  }

  take(signed: SignedStanding, timeZone?: string): Promise<VerbOutcome> {
    return this.#inTurn(() => this.#take(signed, timeZone))
  }

  pause(pause: StandingPause): Promise<VerbOutcome> {
    return this.#inTurn(() => this.#pause(pause))
  }

  noticed(signal: Triggering & { id: string }, since?: number): void {
    for (const { order, keptAt } of this.#state.orders) {
      if (order.isWithdrawn || order.when.kind !== 'signal' || (since ?? keptAt) < keptAt || !isTriggeredBy(order.when, signal)) continue
      const due: Due = { id: order.id, key: signal.id, signal }
      if (order.when.silentMs === undefined) this.#begin(due)
      else this.#afterSilence(order.when.silentMs, due)
    }
  }

  async recover(): Promise<void> {
    const { pending } = this.#state
    // A full disk must not end the agent at each start; what is not struck off comes again with the next one.
    const unfinished = (error: unknown): void =>
      this.#parts.log.error({ reason: sentenceOf(error) }, 'a run that a crash left could not be settled')
    await Promise.all(pending.map((order) => this.#finish(order).catch(unfinished)))
  }

  stop(): void {
    this.#isStopped = true
    this.#look?.()
    for (const cancel of this.#waits) cancel()
  }

  async #take(signed: SignedStanding, timeZone: string | undefined): Promise<VerbOutcome> {
    const judged = await judge(signed, this.#judging(true))
    if (judged.kind === 'forged') await this.#parts.happened(forged(judged.reason, undefined))
    if (judged.kind !== 'order') return { outcome: 'refused', detail: judged.reason }
    const { order } = judged
    const now = this.#now()
    const known = this.#state.orders.find((each) => each.order.id === order.id)
    const output = { number: order.number }
    if (known && known.order.number > order.number)
      return { outcome: 'refused', detail: `number ${order.number} is older than ${known.order.number}, which this machine keeps` }
    if (known?.order.number === order.number) {
      if (known.timeZone !== timeZone) await this.#replace({ ...known, timeZone })
      return { outcome: 'succeeded', detail: 'this machine keeps it already', output }
    }
    const others = withoutPast(this.#state.orders, now).filter((each) => each.order.id !== order.id)
    if (others.length >= maxStandingKept)
      return { outcome: 'refused', detail: `this machine keeps ${maxStandingKept} standing orders already` }
    const wrong = order.argsFrom || order.isWithdrawn ? undefined : this.#argsOf(order, undefined)
    if (typeof wrong === 'string') return { outcome: 'refused', detail: wrong }
    await this.#write({ orders: [...others, { signed, order, timeZone, keptAt: now, runs: 0, spent: [], ranAt: {} }] })
    this.#lookAgain()
    return { outcome: 'succeeded', detail: order.isWithdrawn ? 'it is withdrawn' : 'this machine keeps it', output }
  }

  async #pause(pause: StandingPause): Promise<VerbOutcome> {
    const now = this.#now()
    const { scriptsUntil = now + longestPauseMs, isolationUntil } = pause
    if (Math.max(scriptsUntil, isolationUntil) > now + pauseBeyondMs)
      return { outcome: 'refused', detail: 'a pause is for a day at most; whoever means a longer one says it again' }
    await this.#write({ pause: { ...pause, scriptsUntil } })
    return { outcome: 'succeeded', detail: 'what it may do by itself is known' }
  }

  /** Whoever is silent is asked; one sign of life in time, on whatever connection, and it is the collector's matter. */
  #afterSilence(silentMs: number, due: Due): void {
    const { contact, time } = this.#parts
    if (!contact) return
    const askedAt = time.monotonic()
    contact.ask()
    const cancel = time.after(silentMs, () => {
      this.#waits.delete(cancel)
      if ((contact.heardAt() ?? Number.NEGATIVE_INFINITY) < askedAt) this.#begin(due)
    })
    this.#waits.add(cancel)
  }

  #begin(due: Due): void {
    this.#inTurn(() => this.#decide(due))
      .then((order) => order && this.#finish(order))
      .catch((error: unknown) => this.#parts.log.error({ order: due.id, reason: sentenceOf(error) }, 'a standing order could not be run'))
  }

  /** Counted, and its trigger spent, or nothing. */
  async #decide({ id, key, signal }: Due): Promise<RunOrder | undefined> {
    const kept = this.#state.orders.find(({ order }) => order.id === id)
    const now = this.#now()
    if (!kept || this.#isStopped || this.#mayNot(kept, key, signal, now)) return undefined
    const judged = await judge(kept.signed, this.#judging(false))
    if (judged.kind !== 'order') return this.#turnAway(kept.order, judged.reason, signal)
    const args = this.#argsOf(kept.order, signal)
    if (typeof args === 'string') return this.#turnAway(kept.order, args, signal)
    const spent = spend(kept, key, signal?.fingerprint ?? null, now)
    const order = this.#runOf(spent, args, signal, now)
    await this.#count(spent, order)
    return order
  }

  #mayNot({ order, runs, spent, ranAt }: Kept, key: string, signal: Triggering | undefined, now: number): boolean {
    const { pause } = this.#state
    if (order.isWithdrawn || order.endsAt <= now || runs >= order.mostRuns || spent.includes(key)) return true
    if (order.verb === 'run-script' && pause.scripts && (pause.scriptsUntil ?? 0) > now) return true
    if (order.verb === 'isolate-host' && pause.isolationUntil > now) return true
    const restMs = order.when.kind === 'signal' ? minutes(order.when.restMinutes ?? 0) : 0
    const last = signal && ranAt[signal.fingerprint]
    return last !== undefined && now - last < restMs
  }

  #argsOf({ verb: name, args, argsFrom = {} }: StandingOrder, signal: Triggering | undefined): Record<string, unknown> | string {
    const verb = this.#parts.verbs.get(name)
    if (!verb) return `this agent does not know the verb ${name}`
    const taken = Object.fromEntries(Object.entries(argsFrom).map(([argument, fact]) => [argument, signal?.facts[fact]]))
    const whole = { ...args, ...taken }
    const parsed = verb.command.args.safeParse(whole)
    return parsed.success ? whole : `args.${firstIssue(parsed.error)}`
  }

  #runOf({ order, runs }: Kept, args: Record<string, unknown>, signal: Triggering | undefined, now: number): RunOrder {
    const id = uuidv7()
    const { mostRuns, number, name, id: orderId } = order
    const ttlMs = this.#parts.verbs.get(order.verb)?.command.ttlMs ?? 0
    return {
      ...{ id, verb: order.verb, args, endpoints: [this.#parts.endpointId], nonce: id, issuedAt: now },
      expiresAt: Math.min(order.endsAt, now + ttlMs),
      requestedBy: `standing order ${name}`,
      reason: (signal?.summary ?? 'its time came').slice(0, 500),
      standing: { orderId, number, name, run: runs, mostRuns, fingerprint: signal?.fingerprint ?? null },
    }
  }

  async #count(spent: Kept, order: RunOrder): Promise<void> {
    const counted = { orders: this.#with(spent), pending: [...this.#state.pending, order] }
    try {
      await this.#write(counted)
    } catch (error) {
      if (order.verb !== 'isolate-host') throw error
      this.#state = { ...this.#state, ...counted }
      this.#parts.log.error({ reason: sentenceOf(error) }, 'a run could not be counted on disk; isolating goes on')
    }
  }

  #with = (kept: Kept): Kept[] => this.#state.orders.map((each) => (each.order.id === kept.order.id ? kept : each))
  #replace = (kept: Kept): Promise<void> => this.#write({ orders: this.#with(kept) })

  async #finish(order: RunOrder): Promise<void> {
    await this.#parts.run(order)
    await this.#inTurn(() => this.#write({ pending: this.#state.pending.filter(({ id }) => id !== order.id) }))
  }

  /** Somebody should hear that it was due and did not run. */
  async #turnAway(
    { id: orderId, number, name, verb, mostRuns }: StandingOrder,
    reason: string,
    signal: Triggering | undefined,
  ): Promise<undefined> {
    const said = `${orderId} ${number} ${reason}`
    if (this.#turnedAway.has(said)) return undefined
    this.#turnedAway.add(said)
    this.#parts.log.warn({ order: orderId, reason }, 'a standing order was due and did not run')
    const standing = { orderId, number, name, run: 0, mostRuns, fingerprint: signal?.fingerprint ?? null }
    const settled = { outcome: 'refused', detail: reason } as const
    await this.#parts.append('security', resultOf({ id: uuidv7(), verb, standing }, null, settled, this.#parts.time.now()))
    return undefined
  }

  /** Only while some order waits for its time. */
  #lookAgain(): void {
    this.#look?.()
    const windows = this.#state.orders.filter(({ order }) => order.when.kind === 'window' && !order.isWithdrawn)
    if (windows.length === 0 || this.#isStopped) return
    this.#look = this.#parts.time.after(lookEveryMs, () => this.#lookAgain())
    for (const { order, timeZone, spent } of windows) {
      const { when } = order
      const day = when.kind === 'window' ? openWindow({ ...when, timeZone: zoneIn(when, timeZone) }, this.#now()) : undefined
      if (day !== undefined && !spent.includes(day)) this.#begin({ id: order.id, key: day, signal: undefined })
    }
  }

  #judging(isNew: boolean): Parameters<typeof judge>[1] {
    const { trust, verifiers, endpointId, verbs } = this.#parts
    return { ...trust, verifiers, endpointId, riskOf: (verb) => verbs.get(verb)?.command.risk, now: this.#now(), isNew }
  }

  #now(): number {
    return Math.max(this.#parts.latest(), this.#parts.time.now())
  }

  async #write(changed: Partial<State>): Promise<void> {
    const next = { ...this.#state, ...changed }
    await this.#parts.standingFile.write(next)
    this.#state = next
  }

  #inTurn<Value>(work: () => Promise<Value>): Promise<Value> {
    const mine = this.#turn.then(work)
    this.#turn = mine.catch(() => undefined)
    return mine
  }
}
