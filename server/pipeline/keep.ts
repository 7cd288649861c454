import { requestCommands, wantedBy } from '../command/command.ts'
import { keepSealed, nothingSealed, type Sealed, sealedEntries } from '../command/seal.ts'
import { planRelease } from '../desk/children.ts'
import { reviewIfNothingIsDue } from '../escalate/escalate.ts'
import { keepTimers } from '../escalate/keep-timers.ts'
import type { Owed } from '../escalate/promise.ts'
import { type Promises, readPromises } from '../escalate/promise.ts'
import { keepWord } from '../escalate/word.ts'
import type { LiveBus } from '../live.ts'
import { canHear, enqueueWords, hears, wordFor } from '../notify/customers.ts'
import { hush } from '../notify/hush.ts'
import { enqueue, isTold, loadReceivers, type Notice, noticesOf, type Receiver } from '../notify/notify.ts'
import { indexByKind } from '../route/match.ts'
import type { Matrix } from '../route/matrix.ts'
import { isPagingTicket } from '../route/route.ts'
import type { Tx } from '../store/store.ts'
import type { CommandsTable } from '../store/tables/command.ts'
import { keepTickets } from '../ticket/ticket.ts'
import { type Attended, attend, lookOf } from './attend.ts'
import { apply, type TicketCase, type WriteRows } from './changes.ts'
import { type CircumstancesOf, readCircumstances } from './circumstances.ts'
import { tasksOf } from './tasks.ts'

/*
 * Writes what was decided: tickets with their timelines, timers, commands, outbox, all in the transaction it is given.
 * What is outside of the database happens after the commit, from these rows.
 */

/** The matrix with the promises it makes looked up, as every door to a ticket needs them. */
export interface Rules {
  matrix: Matrix
  /** The part of the matrix that is about a kind. */
  routesFor(kind: string): Pick<Matrix, 'routes'>
  owedOf(work: TicketCase): Owed
  circumstancesOf: CircumstancesOf
  /** The matrix of a version that a ticket remembers; the one in force, where that can't be read any more. */
  at(version: number): Matrix
  /** The matrix by which this ticket's promises and time-boxes count. */
  planOf(work: TicketCase): Matrix
}

/** @param earlier Versions that were in force before, for the tickets that were opened under them. */
export function readRules(matrix: Matrix, earlier: (version: number) => Matrix | undefined = () => undefined): Rules {
  const promises = new WeakMap<Matrix, Promises>()
  const promisesOf = (plan: Matrix): Promises => {
    const read = promises.get(plan) ?? readPromises(plan)
    promises.set(plan, read)
    return read
  }
  const at = (version: number): Matrix => (version === matrix.version ? matrix : (earlier(version) ?? matrix))
  const planOf = ({ ticket }: TicketCase): Matrix => at(ticket.plan_version)
  return {
    matrix,
    routesFor: indexByKind(matrix),
    circumstancesOf: readCircumstances(matrix),
    at,
    planOf,
    owedOf: (work) => {
      const { team, priority, matrix_version } = work.ticket
      return promisesOf(planOf(work))({ team, priority, isPaging: isPagingTicket(at(matrix_version), work) }, work.subject)
    },
  }
}

/** What a transaction left behind for those who act after it. */
export interface Kept {
  tickets: { id: string; organisationId: string; endpointId: string | null; version: number }[]
  /** Commands that were requested or settled. */
  commands: { id: string; organisationId: string; endpointId: string }[]
  /** Some of them are still to be signed. */
  hasOrders: boolean
  /** These are, and go out at once. */
  sealed?: readonly CommandsTable[]
  hasNotices: boolean
  /** Troubles of our own, for the pipeline. */
  hasRaised: boolean
  /** The earliest timer that was planned. */
  dueAt: number | null
}

export const nothingKept: Kept = { tickets: [], commands: [], hasOrders: false, hasNotices: false, hasRaised: false, dueAt: null }

/** What is told besides what happened to these tickets, and to whom, where that was read before. */
interface Telling {
  notices?: readonly Notice[]
  receivers?: readonly Receiver[]
  /** Those of the cases that changed, where they were attended to before. */
  attended?: Attended
  /** Orders that were signed before. */
  sealed?: Sealed
  /** What happened to this one is told together with others. */
  isQuiet?(work: TicketCase): boolean
}

export async function keepCases(
  tx: Tx,
  write: WriteRows,
  rules: Rules,
  cases: readonly TicketCase[],
  now: number,
  { notices = [], receivers: known, isQuiet = () => false, sealed: signed = nothingSealed(), ...read }: Telling = {},
): Promise<Kept> {
  const attended = read.attended ?? (await attend(tx, rules, cases.filter(hasChanged), isQuiet, now))
  const changed = attended.cases.map((work) => reviewed(work, rules, now))
  const withSeals = signed.size === 0 ? changed : changed.map((work) => apply(work, { entries: sealedEntries(work.orders, signed) }, now))
  const versions = await keepTickets(tx, write, withSeals)
  await keepTimers(tx, write, changed, now)
  const commands = changed.flatMap(wantedBy)
  const sealed = commands.flatMap(({ id }) => signed.get(id) ?? [])
  const unsealed = commands.filter(({ id }) => !signed.has(id))
  await keepSealed(tx, write, sealed, now)
  await requestCommands(tx, write.putRows, unsealed, now)
  const receivers = known ?? (notices.length > 0 || changed.some(isTold) ? await loadReceivers(tx) : [])
  const { hasCalls, hasRaised } = await attended.keep(tx, write)
  const noticesOn = (work: TicketCase): Notice[] => noticesOf(work, lookOf(rules, work, attended.ownerOf(work), now))
  const told = receivers.length === 0 ? [] : [...changed.filter((work) => !isQuiet(work)).flatMap(noticesOn), ...notices]
  await hush(
    tx,
    changed.filter(wasGathered).map(({ ticket }) => ticket.id),
    now,
  )
  const words = changed.flatMap((work) => wordFor(work, () => lookOf(rules, work, attended.ownerOf(work), now)) ?? [])
  const hearAfter = rules.matrix.gathering.storm.customersHearAfter
  const waiting = (await enqueue(tx, write.putRows, told, receivers, now, hearAfter)) + (await enqueueWords(tx, write.putRows, words, now))
  const tasks = await tasksOf(tx, rules, changed, now)
  const releasedAt = await planRelease(tx, write.putRows, changed, now)
  const kept: Kept = {
    tickets: changed.map(({ ticket }) => ({
      id: ticket.id,
      organisationId: ticket.organisation_id,
      endpointId: ticket.endpoint_id,
      version: versions.get(ticket.id) ?? 0,
    })),
    commands,
    hasOrders: unsealed.length > 0,
    sealed,
    hasNotices: waiting > 0 || hasCalls,
    hasRaised,
    dueAt: earliest([...releasedAt, ...changed.flatMap(({ timers }) => timers.flatMap(({ id, dueAt }) => (id === null ? dueAt : [])))]),
  }
  return tasks.length === 0 ? kept : together(kept, await keepCases(tx, write, rules, tasks, now))
}

/** Something is due on every open ticket (invariant 4), and whoever asked is not left without a word. */
export function reviewed(work: TicketCase, { owedOf, planOf }: Rules, now: number): TicketCase {
  // Most owe neither a word nor a review, so what is owed is looked up for those alone that do.
  const owed = (): Owed => owedOf(work)
  const hearing = { canHear: canHear(work.subject), hears: () => hears(work) }
  const told = apply(work, keepWord(work, hearing, owed, planOf(work), now), now)
  return apply(told, reviewIfNothingIsDue(told, owed, planOf(work).review, now), now)
}

/** In this transaction; of a new one nothing waits to be told yet. */
const wasGathered = ({ isNew, entries }: TicketCase): boolean => !isNew && entries.some(({ kind }) => kind === 'gathered')

/** What was kept, and what followed from it. */
const together = (one: Kept, other: Kept): Kept => ({
  tickets: [...one.tickets, ...other.tickets],
  commands: [...one.commands, ...other.commands],
  hasOrders: one.hasOrders || other.hasOrders,
  sealed: [...(one.sealed ?? []), ...(other.sealed ?? [])],
  hasNotices: one.hasNotices || other.hasNotices,
  hasRaised: one.hasRaised || other.hasRaised,
  dueAt: earliest([one.dueAt, other.dueAt].flatMap((at) => at ?? [])),
})

export const hasChanged = ({ isChanged }: TicketCase): boolean => isChanged

export interface Outside {
  dispatcher: { nudge(): void; goOut(sealed: readonly CommandsTable[]): void; settled(commands: readonly { id: string }[]): void }
  outbox: { nudge(): void }
  timers: { replan(dueAt: number): void }
  pipeline: { nudge(isUrgent: boolean): void }
  bus: LiveBus
}

/** After the commit: hints to who works from the rows, and to who looks. Losing one loses nothing. */
export function tellOutside(kept: Kept, outside: Outside, now: number): void {
  outside.dispatcher.goOut(kept.sealed ?? [])
  if (kept.hasOrders) outside.dispatcher.nudge()
  outside.dispatcher.settled(kept.commands)
  if (kept.dueAt !== null) outside.timers.replan(kept.dueAt)
  if (kept.hasNotices) outside.outbox.nudge()
  if (kept.hasRaised) outside.pipeline.nudge(false)
  for (const { id, organisationId, endpointId } of kept.tickets)
    outside.bus.publish({ topic: 'ticket', id, organisationId, endpointId, at: now })
  for (const { id, organisationId, endpointId } of kept.commands)
    outside.bus.publish({ topic: 'command', id, organisationId, endpointId, at: now })
}

const earliest = (instants: readonly number[]): number | null => (instants.length === 0 ? null : instants.reduce((a, b) => Math.min(a, b)))
