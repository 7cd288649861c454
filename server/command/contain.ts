import { isClosed } from '#shared/domain/endpoint.ts'
import type { Changes, Subject, TicketCase, Trouble } from '../pipeline/changes.ts'
import type { Matrix } from '../route/matrix.ts'
import type { Contain } from '../route/sections/containment.ts'
import { askForFleet, type Evidence, fleetKind, isBeyondDoubt, isBeyondFleet, isBeyondLimits } from './brakes.ts'
import { ordered } from './order.ts'

/** Machines that were isolated without a person lately; what the limits of containment count. */
export interface LoneIsolation {
  endpointId: string
  siteId: string | null
  organisationId: string
  at: number
}

export interface ContainQuestion extends Evidence {
  /** What the route says for this role. */
  contain: Contain
  route: string
  /** The ticket is new, came back, or what joined is worse than what it was opened by. */
  isNews: boolean
  /** It was over long before we heard of it. */
  isLate: boolean
  /** What found it was wrong too often. */
  isDisarmed: boolean
  /** What found it came to this fleet less than a day ago. */
  isYoung?: boolean
  lately: readonly LoneIsolation[]
  /** When a question is due that its machine shares with others of its site; null: no such question stands. */
  sharedDueAt?: number | null
}

/** Evidence from before the machine was away says little of now. What was raised is true until it is cleared. */
export const isLate = ({ state, ageMs }: Pick<Trouble, 'state' | 'ageMs'>, { containment }: Matrix): boolean =>
  state === 'happened' && ageMs > containment.lateAfter

/**
 * Isolate, ask, or leave alone (pure). A person's answer is never overruled by more of the same: where the machine would act
 * by itself, it asks again instead. Beyond the limits, late, disarmed, and in an organisation that observes, it only asks; while nobody
 * has answered, more of the same is decided anew, because it is still going on.
 */
export function decideContainment(work: TicketCase, question: ContainQuestion, matrix: Matrix, now: number): Changes {
  const { subject, ticket } = work
  const isAnswered = ticket.containment === 'answered' && !question.isNews
  const isOfInterest = question.isNews || (hasBeenAsked(ticket) && actsAlone(question.contain))
  if (!subject.endpoint || isContained(subject) || !isOfInterest) return {}
  const wanted = isAnswered ? askThenLeave : allowed(question, subject, matrix, now)
  if (wanted.kind === 'auto') return isolateAlone(question.route)
  return wanted.kind === 'ask' ? ask(work, wanted, whyNotAlone(question, wanted, isAnswered, subject, matrix, now), question, now) : {}
}

/** What the ticket over others of a site asks for all of them, once, when one of them does. */
export function askForAll(parent: TicketCase, child: TicketCase): Changes {
  if (child.ticket.containment !== 'asked' || parent.ticket.gathers !== 'site') return {}
  const dueAt = child.timers.find(({ kind }) => kind === 'ask-due')?.dueAt ?? null
  const isWaiting = parent.timers.some(({ kind }) => kind === 'ask-due')
  if (parent.ticket.containment === 'asked' && (dueAt === null || isWaiting)) return {}
  const said = child.entries.findLast(({ kind }) => kind === 'containment-asked')?.body
  const body = {
    otherwise: dueAt === null ? 'leave' : 'isolate',
    dueAt,
    isForAll: true,
    ...(said?.why === undefined ? {} : { why: said.why }),
  }
  return {
    ticket: { containment: 'asked' },
    entries: [{ kind: 'containment-asked', actor: 'system', body }],
    plan: dueAt === null ? [] : [{ kind: 'ask-due', dueAt }],
  }
}

/**
 * The question stood and nobody answered. Where it was asked for others, each of them has a timer of its own.
 * @param isInStorm what is over it went into a storm meanwhile: nothing there is isolated without a person.
 * @param lately what was isolated without a person since: beyond the fleet's limit nothing more is, but for
 * @param kinds of evidence there are: two are beyond doubt.
 */
export function unanswered(
  { ticket, subject }: TicketCase,
  modes: Matrix['modes'],
  now: number,
  isInStorm = false,
  lately: readonly LoneIsolation[] = [],
  kinds = 1,
): Changes {
  const isForAll = ticket.gathers === 'site'
  if (ticket.containment !== 'asked' || (!isForAll && (!subject.endpoint || isContained(subject)))) return {}
  const isHeld = isStopped(subject, now) || isInStorm || (isBeyondFleet(subject, lately, now) && !isBeyondDoubt(subject, kinds))
  const isAllowed = modes[subject.organisation.mode].isolatesAlone && !isHeld
  const answered = {
    kind: 'containment-answered' as const,
    actor: 'system',
    body: { answer: isAllowed ? 'isolate' : 'leave', why: 'unanswered' },
  }
  if (!isAllowed) return { entries: [answered] }
  if (isForAll) return { ticket: { containment: 'auto' }, entries: [answered] }
  const { orders, entries } = ordered('isolate-host', 'system', 'Nobody answered in time.')
  return { ticket: { containment: 'auto' }, orders, entries: [answered, ...entries] }
}

/** Somebody pressed the stop button: until then nothing here isolates without a person. */
export const isStopped = ({ organisation }: Subject, now: number): boolean => (organisation.stoppedUntil ?? 0) > now

/** Cut off, or about to be: a second command would say nothing new. One that failed may be tried again. */
export const isContained = ({ isolation }: Subject): boolean =>
  isolation?.desired === 'isolated' && (isolation.isOnItsWay || isClosed(isolation.actual))

const isolateAlone = (route: string): Changes => ({
  ticket: { containment: 'auto' },
  cancel: ['ask-due'],
  ...ordered('isolate-host', 'system', `The route “${route}” says so.`),
})

function ask(
  work: TicketCase,
  wanted: Extract<Contain, { kind: 'ask' }>,
  why: Why | null,
  { sharedDueAt }: ContainQuestion,
  now: number,
): Changes {
  const isWaiting = work.timers.some(({ kind }) => kind === 'ask-due')
  const isStronger = wanted.otherwise === 'isolate' && !isWaiting
  if (work.ticket.containment === 'asked' && !isStronger) return {}
  const dueAt = wanted.waitMs === null ? null : (sharedDueAt ?? now + wanted.waitMs)
  return {
    ticket: { containment: 'asked' },
    entries: [{ kind: 'containment-asked', actor: 'system', body: { otherwise: wanted.otherwise, dueAt, ...why } }],
    plan: dueAt === null ? [] : [{ kind: 'ask-due', dueAt }],
  }
}

/** `fleet`: its question is one with that of every other machine that the fleet's limit holds. */
interface Why {
  why: string
  brake?: 'fleet'
}

/** Whether this decision left a machine to the one question for all. */
export const isHeldByFleet = ({ entries }: TicketCase): boolean =>
  entries.some(({ kind, body }) => kind === 'containment-asked' && body.brake === 'fleet')

/** On the ticket that stands for the whole fleet: asked for all, again whenever another machine is held. */
export function askOnceForFleet({ ticket }: TicketCase, trouble: Trouble): Changes {
  if (trouble.kind !== fleetKind || trouble.source !== 'collector' || ticket.containment === 'asked') return {}
  const body = { otherwise: 'leave', dueAt: null, isForAll: true, isFleet: true }
  return { ticket: { containment: 'asked' }, entries: [{ kind: 'containment-asked', actor: 'system', body }] }
}

const hasBeenAsked = ({ containment }: TicketCase['ticket']): boolean => containment === 'asked' || containment === 'answered'

const askThenLeave: Contain = { kind: 'ask', waitMs: null, otherwise: 'leave' }

const actsAlone = (contain: Contain): boolean => contain.kind === 'auto' || (contain.kind === 'ask' && contain.otherwise === 'isolate')

/** What the organisation's mode and the limits leave of it. */
function allowed(question: ContainQuestion, subject: Subject, matrix: Matrix, now: number): Contain {
  const { contain, lately } = question
  if (actsAlone(contain) && whyNever(question, subject, matrix, now) !== undefined) return askThenLeave
  if (actsAlone(contain) && isBeyondFleet(subject, lately, now)) return askForFleet(subject, question)
  if (contain.kind !== 'auto' || !isBeyondLimits(subject, lately, matrix, question, now)) return contain
  return matrix.containment.beyond[subject.role === 'unknown' ? 'core' : subject.role]
}

/** Why nothing is isolated here without a person, however much or little there is of it. */
function whyNever(
  { isLate, isDisarmed, isYoung }: ContainQuestion,
  subject: Subject,
  { modes }: Pick<Matrix, 'modes'>,
  now: number,
): string | undefined {
  if (!modes[subject.organisation.mode].isolatesAlone) return 'the organisation observes'
  if (isStopped(subject, now)) return 'somebody stopped isolating by itself'
  if (isDisarmed) return 'what found it raised too many false alarms, and nobody has armed it again'
  if (isYoung) return 'what found it has been on this fleet for less than 24 hours'
  return isLate ? 'it happened long before it was heard of' : undefined
}

function whyNotAlone(
  question: ContainQuestion,
  wanted: Contain,
  isAnswered: boolean,
  subject: Subject,
  matrix: Matrix,
  now: number,
): Why | null {
  if (question.contain === wanted) return null
  if (isAnswered) return { why: 'a person has decided about this machine before' }
  const never = whyNever(question, subject, matrix, now)
  if (never !== undefined) return { why: never }
  return isBeyondFleet(subject, question.lately, now)
    ? { why: 'machines of three organisations, or twenty machines, were isolated in the last 30 minutes', brake: 'fleet' }
    : { why: 'many machines were isolated in the last minutes' }
}
