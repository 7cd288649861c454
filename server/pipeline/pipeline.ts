import type { Logger } from 'pino'
import { comparePriority } from '#shared/domain/priority.ts'
import { fitsKind } from '#shared/domain/signal.ts'
import { type Cancel, minutes, type Time } from '#shared/domain/time.ts'
import { askForAll, askOnceForFleet, decideContainment, isLate } from '../command/contain.ts'
import type { Seal } from '../command/seal.ts'
import { decideSuspension } from '../command/suspend.ts'
import type { Warm } from '../command/warm-neighbours.ts'
import { correlate, type Verdict } from '../correlate/correlate.ts'
import { flip, quietOf } from '../correlate/flapping.ts'
import { isInStorm } from '../correlate/gather.ts'
import { quietens } from '../correlate/noisy.ts'
import { endQuiet, startClocks, tightenClocks, waitForQuiet } from '../escalate/escalate.ts'
import { watchHearing } from '../hearing.ts'
import { isAsFound } from '../onboard/onboard.ts'
import { decidePriority, type Prioritised, prioritise } from '../prioritise/prioritise.ts'
import { match } from '../route/match.ts'
import type { Matrix } from '../route/matrix.ts'
import { type Decision, decideRoute, isWorse, route } from '../route/route.ts'
import type { Store } from '../store/store.ts'
import { armKey, suppress } from '../suppress/suppress.ts'
import { dated } from '../ticket/sentences.ts'
import { actorOf, bringsNews, cleared, draftTicket, joined, opened, reopened } from '../ticket/ticket.ts'
import { apply, type Changes, type Subject, type TicketCase, type Trouble } from './changes.ts'
import { foundBefore } from './found.ts'
import { follow, gather, hush } from './gathering.ts'
import type { Kept, Rules } from './keep.ts'
import type { CreateLoop } from './loop.ts'
import { createRounds } from './rounds.ts'
import type { Turns } from './turns.ts'
import { newCase, type Outcome, type SignalRow, troubleOf, type View } from './world.ts'

/*
 * The life of a signal on the desk, on one screen: correlate → ticket → prioritise → route → escalate → notify.
 * Enters: signals and command results that ingest committed and nobody has handled yet, security first.
 * Leaves: tickets, timelines, timers, commands, outbox rows and the handled marks, in one transaction a group.
 * Promises: a signal is handled once, however often the collector crashes (invariant 3); one that can't be handled stops
 * no other: it is marked, and a ticket of the collector's own says so.
 */

/** One signal through every stage (pure): what becomes of it, on the ticket as it will stand. */
export function decide(view: View, rules: Rules, signal: SignalRow, now: number): Outcome {
  const { matrix, routesFor, circumstancesOf } = rules
  const subject = view.subjectOf(signal)
  if (!subject) return { kind: 'record' }
  const trouble = troubleOf(signal, matrix)
  const rule = match(routesFor(trouble.kind), trouble, subject)

  const verdict = correlate(trouble, view.earlier(signal), view.isOver(signal), matrix, now)
  if (verdict.kind === 'nothing') return { kind: 'record' }
  if (verdict.kind === 'clears') return clear(view, verdict.earlier, trouble, matrix, now)

  const found = prioritise(matrix, rule, trouble, subject, circumstancesOf(subject, now))
  const decision = route(matrix, rule, found.priority, trouble, subject)
  const isJoining = verdict.kind === 'joins'
  const isQuiet = isJoining || decision.becomes === 'record'
  const suppressed = isQuiet ? undefined : suppress(view.suppression, trouble, subject, decision.becomes === 'ticket', matrix)
  if (suppressed) return { kind: 'record', suppressed }
  if (!isJoining && decision.becomes === 'digest') return { kind: 'digest', team: decision.team, summary: dated(trouble) }
  if (!isJoining && decision.becomes === 'record') return { kind: 'record' }

  if (verdict.kind === 'opens' && view.asFound && isAsFound(trouble, subject, matrix, now))
    return foundBefore(view, signal, trouble, subject, rules, now)

  const loud = isJoining ? undefined : hush(view, rules, { trouble, subject, sourceId: signal.source_id, rule: rule.name }, now)
  const entering = loud ? { kind: 'joins' as const, earlier: loud.into } : verdict
  const isDisarmed = view.suppression.disarmed.has(armKey({ detector: signal.detector, kind: trouble.kind, rule: rule.name }))
  const { work, also } = settle(view, rules, { signal, trouble, subject, found, decision, isDisarmed }, entering, now)
  if (!loud) return { kind: 'ticket', work, also }
  const isHeld = work.ticket.gathers === 'endpoint' && trouble.state === 'raised'
  const held = isHeld ? { suppressed: { by: 'loud' as const, id: work.ticket.id, until: null } } : {}
  return { kind: 'ticket', work: apply(work, quietens(work, matrix, now), now), also: [...also, ...loud.siblings], ...held }
}

/** A signal that belongs on a desk, and what was decided about it alone. */
interface News {
  signal: SignalRow
  trouble: Trouble
  subject: Subject
  found: Prioritised
  decision: Decision
  isDisarmed: boolean
}
type Entering = Exclude<Verdict, { kind: 'nothing' | 'clears' }>

/** The ticket that it is on, and others that change with it. */
function settle(view: View, rules: Rules, news: News, verdict: Entering, now: number): { work: TicketCase; also: readonly TicketCase[] } {
  const { matrix, owedOf, planOf, at } = rules
  const { signal, trouble, subject, found, decision, isDisarmed } = news
  const isJoining = verdict.kind === 'joins'
  const before = verdict.kind === 'opens' ? draft(view, signal, trouble, subject, now) : verdict.earlier
  const isRaised = comparePriority(found.priority, before.ticket.priority) < 0
  const isNews = !isJoining || isWorse(before, decision, isRaised, at(before.ticket.matrix_version))

  let work = apply(before, enter(verdict, trouble, isNews, now), now)
  work = apply(work, flip(work, verdict.kind !== 'opens' && before.ticket.is_standing === 1, matrix, now - trouble.ageMs), now)
  if (isNews) work = apply(work, decidePriority(work, found, isJoining), now)
  if (isNews) work = apply(work, decideRoute(work, decision, found.reasons, matrix, isJoining, now), now)
  const among = isJoining ? undefined : gather(view, rules, { work, trouble, subject }, now)
  work = among?.work ?? work
  const over = among?.parent ?? view.parentOf(work)
  const { contain, route: name } = decision
  const known = { isNews, isLate: isLate(trouble, matrix), isDisarmed, lately: view.lately }
  const { evidence } = view
  const braked = {
    isYoung: evidence.isYoung(signal),
    kinds: evidence.kindsOn(subject.endpoint?.id ?? ''),
    siteMachines: evidence.machinesAt(subject),
  }
  const question = { contain, route: name, ...known, ...braked, sharedDueAt: askDueOn(over) }
  if (!isInStorm(work) && !(over && isInStorm(over))) {
    work = apply(work, decideSuspension(work, trouble, { suspends: decision.suspends, route: name, ...known }, matrix, now), now)
    work = apply(work, decideContainment(work, question, matrix, now), now)
    work = apply(work, askOnceForFleet(work, trouble), now)
  }
  if (over) return under(rules, work, over, among?.siblings ?? [], now)
  if (!isJoining) work = apply(work, startClocks(work, owedOf(work), planOf(work), now), now)
  else if (hasMoved(before, work) || bringsNews(before.ticket, trouble))
    work = apply(work, tightenClocks(work, owedOf(work), planOf(work), now), now)
  return { work: apply(work, endQuiet(work), now), also: [] }
}

export interface PipelineOptions {
  store: Store
  rules: Rules
  time: Time
  log: Logger
  turns: Turns
  loops: CreateLoop
  /** Tells neighbours of machines that are about to be isolated. */
  warm?: Warm
  /** Signs what the collector orders by itself; the dispatcher does, when absent. */
  seal?: Seal
  /** Ingest has work that waits; what is not urgent lets it go first. Never, when absent. */
  isBusy?(): boolean
  afterCommit(kept: Kept): void
}

export interface Pipeline {
  /** There is something unhandled. `isUrgent`: security or a result, which waits for nothing. */
  nudge(isUrgent: boolean): void
  /** Everything that is committed now has been handled. */
  idle(): Promise<void>
  /** Whether agents have had their chance to return since we can hear them. */
  hasGivenChance(): boolean
  stop(): Promise<void>
}

/** Commands whose time is up are found within this, though nobody nudges. */
const lookMs = minutes(1)

/** What was left unhandled when the collector stopped is found by the first nudge. */
export function createPipeline(options: PipelineOptions): Pipeline {
  const hearing = watchHearing(options.time, lookMs)
  const { hasGivenChance } = hearing
  const again = (): void => loop.nudge()
  const rounds = createRounds({ isBusy: () => false, ...options, decide, hasGivenChance, again })
  const loop = options.loops('pipeline', rounds.run)
  let cancelLook: Cancel = () => undefined
  const lookEveryMinute = (): void => {
    hearing.look()
    rounds.hurry()
    loop.nudge()
    cancelLook = options.time.after(lookMs, lookEveryMinute)
  }
  cancelLook = options.time.after(lookMs, lookEveryMinute)
  return {
    // A group is what came in while the one before it was committed: nothing waits for company, urgent or not.
    nudge(isUrgent) {
      if (isUrgent) rounds.hurry()
      loop.nudge()
    },
    idle() {
      rounds.finish()
      return loop.idle()
    },
    hasGivenChance,
    async stop() {
      cancelLook()
      await loop.stop()
    },
  }
}

function draft(view: View, signal: SignalRow, trouble: Trouble, subject: Subject, now: number): TicketCase {
  const from = { id: view.newId(subject, trouble.fingerprint), number: view.nextNumber, sourceId: signal.source_id }
  return newCase(draftTicket(trouble, subject, from, now), subject)
}

function enter(verdict: Entering, trouble: Trouble, isNews: boolean, now: number): Changes {
  if (verdict.kind === 'opens') return opened(trouble, actorOf(trouble))
  return verdict.kind === 'reopens' ? reopened(verdict.earlier, trouble, now) : joined(verdict.earlier, trouble, isNews, now)
}

/** It may be the last of those under another: that one waits for quiet as well, and is looked at again then. */
function clear(view: View, earlier: TicketCase, trouble: Trouble, matrix: Matrix, now: number): Outcome {
  const ended = apply(earlier, cleared(earlier, trouble), now)
  const flipped = apply(ended, flip(ended, earlier.ticket.is_standing === 1, matrix, now - trouble.ageMs), now)
  const quiet = (work: TicketCase): TicketCase => apply(work, waitForQuiet(work, quietOf(flipped, matrix, now), fitsKind, now), now)
  const work = quiet(flipped)
  const over = view.parentOf(work)
  return { kind: 'ticket', work, also: over?.ticket.gathers === 'site' ? [laterQuiet(over, quiet(over))] : [] }
}

/** Another of its tickets comes and goes, and needs more quiet than this one. */
const laterQuiet = (before: TicketCase, after: TicketCase): TicketCase => (quietAt(before) > quietAt(after) ? before : after)
const quietAt = ({ timers }: TicketCase): number => timers.find(({ kind }) => kind === 'quiet-clear')?.dueAt ?? 0

/** Nothing is promised for what is under another; that one asks for all, and is as pressing as the worst of them. */
function under(rules: Rules, work: TicketCase, over: TicketCase, siblings: readonly TicketCase[], now: number) {
  const asking = apply(over, askForAll(over, work), now)
  return { work: apply(work, endQuiet(work), now), also: [follow(rules, asking, work, now), ...siblings] }
}

const askDueOn = (over: TicketCase | undefined): number | null => over?.timers.find(({ kind }) => kind === 'ask-due')?.dueAt ?? null

const hasMoved = ({ ticket: before }: TicketCase, { ticket: after }: TicketCase): boolean =>
  before.team !== after.team || before.priority !== after.priority
