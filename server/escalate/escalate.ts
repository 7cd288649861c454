import { isSecurity } from '#shared/domain/signal.ts'
import { isOpen } from '#shared/domain/ticket.ts'
import type { Changes, TicketCase } from '../pipeline/changes.ts'
import type { Matrix } from '../route/matrix.ts'
import { boxEnd, boxFrom } from './box.ts'
import { deadlines, outcomeOf, promised, runningAgain } from './deadlines.ts'
import type { Owed } from './promise.ts'
import { nextShare, nextUntouched } from './reminders.ts'

/*
 * Enters: a ticket that opened, was raised, moved, answered, went quiet or ended.
 * Leaves: its deadlines (instants) and its durable timers.
 * Promises: every open ticket has a next timer (invariant 4), each at most once of its kind; a deadline only ever comes
 * nearer while the ticket is open, but for what a wait pushes back. Pure; keep-timers.ts writes what was planned.
 * Meets: a ticket that is forgotten because everybody thought somebody else had it.
 */

/** A ticket came to the desk: its promises start, and the box of its tier if that one counts from arrival. */
export function startClocks(work: TicketCase, owed: Owed, matrix: Matrix, now: number): Changes {
  const { respondBy, resolveBy } = deadlines(owed, now)
  const ticket = { respond_by: respondBy, resolve_by: resolveBy, responded_at: null, waiting_for: null, waiting_since: null, box_by: null }
  const started = { ticket: { ...work.ticket, ...ticket } }
  return {
    ticket,
    plan: [
      { kind: 'respond-due', dueAt: respondBy },
      ...(resolveBy === null ? [] : [{ kind: 'resolve-due' as const, dueAt: resolveBy }]),
      ...nextShare(started, owed, matrix, now),
      ...boxFrom('arrival', work, owed, matrix, now),
    ],
    entries: [promised(started, owed)],
  }
}

/**
 * It became more pressing or went to another tier: the nearer deadline holds, and the new tier's box starts. A wait goes on
 * whatever the priority; it is over only where the ticket was made new elsewhere, which is said here.
 */
export function tightenClocks(work: TicketCase, owed: Owed, matrix: Matrix, now: number): Changes {
  const { waiting_since: since, status } = work.ticket
  if (since !== null && status === 'waiting') return tightenWaiting(work, owed, matrix, since)
  const ended = since === null ? {} : { waiting_for: null, waiting_since: null, box_by: null }
  const standing = runningAgain(work, owed, now)
  const { respondBy, resolveBy } = deadlines(owed, now)
  const ticket = { respond_by: nearer(standing.respond_by, respondBy), resolve_by: nearer(standing.resolve_by, resolveBy), ...ended }
  const tightened = { ticket: { ...work.ticket, ...ticket } }
  const isNew = (before: number | null, by: number | null): by is number => by !== null && (since !== null || by !== before) && by >= now
  const isOther = since !== null || ticket.respond_by !== work.ticket.respond_by || ticket.resolve_by !== work.ticket.resolve_by
  const resumed = { kind: 'resumed' as const, actor: 'system', body: { waitedFor: work.ticket.waiting_for, why: 'it moved' } }
  return {
    ticket,
    cancel: ['time-box', 'promise-share', ...(since === null ? [] : ['wait-due' as const])],
    plan: [
      ...(work.ticket.responded_at === null && isNew(work.ticket.respond_by, ticket.respond_by)
        ? [{ kind: 'respond-due' as const, dueAt: ticket.respond_by }]
        : []),
      ...(isNew(work.ticket.resolve_by, ticket.resolve_by) ? [{ kind: 'resolve-due' as const, dueAt: ticket.resolve_by }] : []),
      ...nextShare(tightened, owed, matrix, now),
      ...boxFrom(work.ticket.acknowledged_at === null ? 'arrival' : 'work', work, owed, matrix, now),
    ],
    entries: [...(since === null ? [] : [resumed]), ...(isOther ? [promised(tightened, owed)] : [])],
  }
}

/** What is owed from now on is written as of the beginning of the wait, like the rest: a wait adds what it lasted to both. */
function tightenWaiting(work: TicketCase, owed: Owed, matrix: Matrix, since: number): Changes {
  const { respondBy, resolveBy } = deadlines(owed, since)
  const { respond_by, resolve_by, acknowledged_at } = work.ticket
  const boxBy = boxEnd(acknowledged_at === null ? 'arrival' : 'work', work, owed, matrix, since) ?? null
  const ticket = { respond_by: nearer(respond_by, respondBy), resolve_by: nearer(resolve_by, resolveBy), box_by: boxBy }
  return { ticket, entries: [promised({ ticket: { ...work.ticket, ...ticket } }, owed)] }
}

/** A person acts on it. The first act keeps the promise to respond; taking it starts a box that counts work. */
export function answer(work: TicketCase, owed: Owed, matrix: Matrix, actor: string, now: number, isTaking: boolean): Changes {
  const isFirst = work.ticket.responded_at === null
  const isWaiting = work.ticket.waiting_since !== null
  const shares = isFirst && !isWaiting ? nextShare({ ticket: { ...work.ticket, responded_at: now } }, owed, matrix, now) : []
  return {
    ticket: isFirst ? { responded_at: now } : {},
    entries: isFirst ? outcomeOf('respond', work, actor, now) : [],
    plan: [...(isTaking ? boxFrom('work', work, owed, matrix, now) : []), ...shares, ...nextUntouched(work, owed, matrix, now)],
    // Nobody-touched-it is over: from now on only a person ends this ticket.
    cancel: [
      ...(isTaking && isUntaken(work, matrix) ? (['time-box'] as const) : []),
      ...(isFirst ? (['respond-due', 'promise-share'] as const) : []),
      ...(['quiet-clear', 'untouched'] as const),
    ],
  }
}

/** Its box is over once somebody takes it. */
const isUntaken = ({ ticket }: TicketCase, { timeBoxes }: Matrix): boolean => timeBoxes[ticket.team]?.[ticket.priority]?.from === 'untaken'

/** It cleared: left alone it ends by itself after the quiet time, security never. */
export function waitForQuiet(
  { ticket }: TicketCase,
  quiet: Matrix['quiet'],
  fits: (pattern: string, kind: string) => boolean,
  now: number,
): Changes {
  if (ticket.touched_at !== null || isSecurity(ticket.kind)) return {}
  return { plan: [{ kind: 'quiet-clear', dueAt: now + quietMsOf(ticket.kind, quiet, fits) }] }
}

export function quietMsOf(kind: string, quiet: Matrix['quiet'], fits: (pattern: string, kind: string) => boolean): number {
  const pattern = Object.keys(quiet.kinds).find((each) => fits(each, kind))
  return (pattern === undefined ? undefined : quiet.kinds[pattern]) ?? quiet.otherwise
}

/** It is true again: no quiet. */
export const endQuiet = (work: TicketCase): Changes =>
  work.timers.some(({ kind }) => kind === 'quiet-clear') ? { cancel: ['quiet-clear'] } : {}

/** It ended: nothing is due any more, and a promise to resolve was kept unless its instant has passed. */
export const endClocks = (work: TicketCase, actor: string, now: number): Changes => ({
  ticket: { waiting_for: null, waiting_since: null, box_by: null },
  cancel: 'all',
  entries: outcomeOf('resolve', work, actor, now),
})

/** The last word of every transaction: an open ticket on which nothing is due is looked at again. What a customer hears moves nobody. */
export function reviewIfNothingIsDue({ ticket, timers }: TicketCase, owed: () => Owed, review: Matrix['review'], now: number): Changes {
  if (!isOpen(ticket.status) || timers.some(({ kind }) => kind !== 'word')) return {}
  return { plan: [{ kind: 'review', dueAt: owed().calendar.addWorkingTime(now, review[ticket.priority]) }] }
}

const nearer = (before: number | null, after: number | null): number | null =>
  before === null || after === null ? (before ?? after) : Math.min(before, after)
