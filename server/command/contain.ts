import { isClosed } from '#shared/domain/endpoint.ts'
import { minutes } from '#shared/domain/time.ts'
import type { Changes, Subject, TicketCase, Trouble } from '../pipeline/changes.ts'
import type { Matrix } from '../route/matrix.ts'
import type { Contain } from '../route/sections/containment.ts'
import { ordered } from './order.ts'

/** Machines that were isolated without a person lately; what the limits of containment count. */
export interface LoneIsolation {
  endpointId: string
  siteId: string | null
  organisationId: string
  at: number
}

export interface ContainQuestion {
  /** What the route says for this role. */
  contain: Contain
  route: string
  /** The ticket is new, came back, or what joined is worse than what it was opened by. */
  isNews: boolean
  /** It was over long before we heard of it. */
  isLate: boolean
  /** What found it was wrong too often. */
  isDisarmed: boolean
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
 * @param lately what was isolated without a person since: beyond the fleet's limit nothing more is.
 */
export function unanswered(
  { ticket, subject }: TicketCase,
  modes: Matrix['modes'],
  now: number,
  isInStorm = false,
  lately: readonly LoneIsolation[] = [],
): Changes {
  const isForAll = ticket.gathers === 'site'
  if (ticket.containment !== 'asked' || (!isForAll && (!subject.endpoint || isContained(subject)))) return {}
  const isHeld = isStopped(subject, now) || isInStorm || isBeyondFleet(subject, lately, now)
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
  why: string | null,
  { sharedDueAt }: ContainQuestion,
  now: number,
): Changes {
  const isWaiting = work.timers.some(({ kind }) => kind === 'ask-due')
  const isStronger = wanted.otherwise === 'isolate' && !isWaiting
  if (work.ticket.containment === 'asked' && !isStronger) return {}
  const dueAt = wanted.waitMs === null ? null : (sharedDueAt ?? now + wanted.waitMs)
  return {
    ticket: { containment: 'asked' },
    entries: [
      { kind: 'containment-asked', actor: 'system', body: { otherwise: wanted.otherwise, dueAt, ...(why === null ? {} : { why }) } },
    ],
    plan: dueAt === null ? [] : [{ kind: 'ask-due', dueAt }],
  }
}

const hasBeenAsked = ({ containment }: TicketCase['ticket']): boolean => containment === 'asked' || containment === 'answered'

const askThenLeave: Contain = { kind: 'ask', waitMs: null, otherwise: 'leave' }

const actsAlone = (contain: Contain): boolean => contain.kind === 'auto' || (contain.kind === 'ask' && contain.otherwise === 'isolate')

/** What the organisation's mode and the limits leave of it. */
function allowed({ contain, isLate, isDisarmed, lately }: ContainQuestion, subject: Subject, matrix: Matrix, now: number): Contain {
  const mayAct = matrix.modes[subject.organisation.mode].isolatesAlone && !isStopped(subject, now)
  if (actsAlone(contain) && (isLate || isDisarmed || !mayAct || isBeyondFleet(subject, lately, now))) return askThenLeave
  if (contain.kind !== 'auto' || !isBeyondLimits(subject, lately, matrix, now)) return contain
  return matrix.containment.beyond[subject.role === 'unknown' ? 'core' : subject.role]
}

/**
 * So much at once is more likely a mistake of ours than so many attacks: from then on nothing isolates without a person. Not of the
 * matrix, because whoever widens the limits of one organisation shall not widen everybody's.
 */
const fleet = { organisations: 3, machines: 20, withinMs: minutes(30) }

function isBeyondFleet(subject: Subject, lately: readonly LoneIsolation[], now: number): boolean {
  const others = lately.filter(({ endpointId, at }) => endpointId !== subject.endpoint?.id && at > now - fleet.withinMs)
  const organisations = new Set(others.map(({ organisationId }) => organisationId)).size
  return organisations >= fleet.organisations || new Set(others.map(({ endpointId }) => endpointId)).size >= fleet.machines
}

function isBeyondLimits(subject: Subject, lately: readonly LoneIsolation[], { containment }: Matrix, now: number): boolean {
  const ours = lately.filter(({ organisationId }) => organisationId === subject.organisation.id)
  const machines = (isCounted: (each: LoneIsolation) => boolean): number =>
    new Set(ours.filter((each) => isCounted(each) && each.endpointId !== subject.endpoint?.id).map(({ endpointId }) => endpointId)).size
  const siteId = subject.site?.id ?? null
  return (
    machines((each) => each.siteId === siteId && each.at > now - containment.site.within) >= containment.site.machines ||
    machines((each) => each.at > now - containment.organisation.within) >= containment.organisation.machines
  )
}

function whyNotAlone(
  { contain, isLate, isDisarmed }: ContainQuestion,
  wanted: Contain,
  isAnswered: boolean,
  subject: Subject,
  matrix: Matrix,
  now: number,
): string | null {
  if (contain === wanted) return null
  if (isAnswered) return 'a person has decided about this machine before'
  if (!matrix.modes[subject.organisation.mode].isolatesAlone) return 'the organisation observes'
  if (isStopped(subject, now)) return 'somebody stopped isolating by itself'
  if (isDisarmed) return 'what found it raised too many false alarms, and nobody has armed it again'
  if (isLate) return 'it happened long before it was heard of'
  return 'many machines were isolated in the last minutes'
}

/** How far back the limits look. */
export const latelyMs = ({ containment }: Matrix): number =>
  Math.max(containment.site.within, containment.organisation.within, fleet.withinMs)
