import { randomUUIDv7 } from 'node:crypto'
import { isSecurity } from '#shared/domain/signal.ts'
import { isOpen } from '#shared/domain/ticket.ts'
import type { Changes, Entry, PutRows, TicketCase, WriteRows } from '../changes.ts'
import type { Matrix } from '../route/matrix.ts'
import type { Tx } from '../store/store.ts'
import type { TimersTable } from '../store/tables/escalate.ts'
import type { Owed } from './promise.ts'

/*
 * Enters: a ticket that opened, was raised, moved, answered, went quiet or ended.
 * Leaves: its deadlines (instants) and its durable timers.
 * Promises: every open ticket has a next timer (invariant 4), each at most once of its kind; a deadline only ever comes
 * nearer while the ticket is open. Pure but for `keepTimers`, the only writer of new ones.
 * Meets: a ticket that is forgotten because everybody thought somebody else had it.
 */

/** A ticket came to the desk: its promises start, and the box of its tier if that one counts from arrival. */
export function startClocks(work: TicketCase, owed: Owed, matrix: Matrix, now: number): Changes {
  const { respondBy, resolveBy } = deadlines(owed, now)
  return {
    ticket: { respond_by: respondBy, resolve_by: resolveBy, responded_at: null },
    plan: [
      { kind: 'respond-due', dueAt: respondBy },
      ...(resolveBy === null ? [] : [{ kind: 'resolve-due' as const, dueAt: resolveBy }]),
      ...boxFrom('arrival', work, owed, matrix, now),
    ],
  }
}

/** It became more pressing or went to another tier: the nearer deadline holds, and the new tier's box starts. */
export function tightenClocks(work: TicketCase, owed: Owed, matrix: Matrix, now: number): Changes {
  const { respondBy, resolveBy } = deadlines(owed, now)
  const respond = nearer(work.ticket.respond_by, respondBy)
  const resolve = nearer(work.ticket.resolve_by, resolveBy)
  const isRespondNearer = work.ticket.responded_at === null && respond !== work.ticket.respond_by && respond !== null
  const isResolveNearer = resolve !== work.ticket.resolve_by && resolve !== null
  return {
    ticket: { respond_by: respond, resolve_by: resolve },
    plan: [
      ...(isRespondNearer ? [{ kind: 'respond-due' as const, dueAt: respond }] : []),
      ...(isResolveNearer ? [{ kind: 'resolve-due' as const, dueAt: resolve }] : []),
      ...boxFrom(work.ticket.acknowledged_at === null ? 'arrival' : 'work', work, owed, matrix, now),
    ],
  }
}

/** A person takes it. The first one keeps the promise to respond and starts a box that counts work. */
export function answer(work: TicketCase, owed: Owed, matrix: Matrix, actor: string, now: number, isTaking: boolean): Changes {
  const isFirst = work.ticket.responded_at === null
  return {
    ticket: isFirst ? { responded_at: now } : {},
    entries: isFirst ? outcomeOf('respond', work, actor, now) : [],
    plan: isTaking ? boxFrom('work', work, owed, matrix, now) : [],
    // Nobody-touched-it is over: from now on only a person ends this ticket.
    cancel: isFirst ? ['respond-due', 'quiet-clear'] : ['quiet-clear'],
  }
}

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
  cancel: 'all',
  entries: outcomeOf('resolve', work, actor, now),
})

type Promised = 'respond' | 'resolve'

/** Kept in time; or broken, and not said yet: a timer that a restore has planned anew comes later than its promise. */
function outcomeOf(promise: Promised, { ticket, timers }: TicketCase, actor: string, now: number): NonNullable<Changes['entries']> {
  const due = promise === 'respond' ? ticket.respond_by : ticket.resolve_by
  if (due === null) return []
  if (now <= due) return [{ kind: 'promise-kept', actor, body: { promise, due } }]
  return timers.some(({ kind }) => kind === `${promise}-due`) ? [broken(promise, due, now)] : []
}

export const broken = (promise: Promised, due: number, now: number): Omit<Entry, 'at'> => ({
  kind: 'promise-broken',
  actor: 'system',
  body: { promise, due, lateMs: Math.max(0, now - due) },
})

/** The last word of every transaction: an open ticket on which nothing is due is looked at again. */
export function reviewIfNothingIsDue({ ticket, timers }: TicketCase, owed: Owed, review: Matrix['review'], now: number): Changes {
  if (!isOpen(ticket.status) || timers.length > 0) return {}
  return { plan: [{ kind: 'review', dueAt: owed.calendar.addWorkingTime(now, review[ticket.priority]) }] }
}

/** The box of the ticket's team, when it starts at this. */
export function boxFrom(
  start: 'arrival' | 'work',
  { ticket }: TicketCase,
  owed: Owed,
  matrix: Matrix,
  now: number,
): NonNullable<Changes['plan']> {
  const box = matrix.timeBoxes[ticket.team]?.[ticket.priority]
  if (box?.from !== start) return []
  return [{ kind: 'time-box', dueAt: owed.calendar.addWorkingTime(now, box.box) }]
}

export async function keepTimers(tx: Tx, { putRows, updateRows }: WriteRows, cases: readonly TicketCase[], now: number): Promise<void> {
  const cancelled = cases.flatMap((work) => work.cancelledTimers.map((id) => ({ id, cancelled_at: now })))
  await updateRows(tx, 'timers', cancelled, { set: ['cancelled_at'], by: 'id' })
  const planned = cases.flatMap((work) =>
    work.timers.flatMap((timer) => (timer.id === null ? [rowOf(timer.kind, timer.dueAt, work.ticket.id, now)] : [])),
  )
  await putRows(tx, 'timers', planned, 'ignore')
}

/**
 * Takes these timers as fired and says which of them really were open: the guard that makes each fire exactly once,
 * in the transaction of its effect.
 */
export async function takeTimers(tx: Tx, ids: string[], now: number): Promise<Set<string>> {
  const taken = await tx
    .updateTable('timers')
    .set({ fired_at: now })
    .where('id', 'in', ids)
    .where('fired_at', 'is', null)
    .where('cancelled_at', 'is', null)
    .returning('id')
    .execute()
  return new Set(taken.map(({ id }) => id))
}

/** One digest a day and organisation: the id says which, so planning it for every line plans it once. */
export async function planDigests(
  tx: Tx,
  putRows: PutRows,
  digests: { organisationId: string; dueAt: number }[],
  now: number,
): Promise<void> {
  const rows = digests.map(({ organisationId, dueAt }) => ({
    ...rowOf('digest', dueAt, null, now),
    id: `digest-${organisationId}-${dueAt}`,
    payload: JSON.stringify({ organisationId }),
  }))
  await putRows(tx, 'timers', rows, 'ignore')
}

function rowOf(kind: TimersTable['kind'], dueAt: number, ticketId: string | null, now: number): TimersTable {
  return {
    id: randomUUIDv7(),
    ticket_id: ticketId,
    kind,
    due_at: dueAt,
    payload: '{}',
    created_at: now,
    fired_at: null,
    cancelled_at: null,
  }
}

function deadlines(owed: Owed, now: number): { respondBy: number; resolveBy: number | null } {
  return {
    respondBy: owed.calendar.addWorkingTime(now, owed.respondMs),
    resolveBy: owed.resolveMs === null ? null : owed.calendar.addWorkingTime(now, owed.resolveMs),
  }
}

const nearer = (before: number | null, after: number | null): number | null =>
  before === null || after === null ? (before ?? after) : Math.min(before, after)
