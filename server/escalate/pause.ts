import type { WaitingFor } from '#shared/domain/ticket.ts'
import type { Changes, TicketCase, Timer } from '../pipeline/changes.ts'
import type { Matrix } from '../route/matrix.ts'
import { promised, runningAgain } from './deadlines.ts'
import { endClocks } from './escalate.ts'
import type { Owed } from './promise.ts'
import { nextShare, nextUntouched } from './reminders.ts'

/*
 * While a ticket waits for somebody else, nothing it owes runs. Its deadlines stand as they were when that began; when it
 * ends, what was left of each counts from there. One timer stays, so that nobody is waited for for ever.
 */

/**
 * What stands still. A question about containment goes on: it is about now. So does the quiet after which what nobody touched
 * ends by itself; a person's wait has ended that.
 */
const stopped = ['respond-due', 'resolve-due', 'time-box', 'promise-share', 'untouched', 'review'] as const

/** @param until when the appointment or the window is over; of the others it is found by the matrix. */
export function pauseClocks(
  work: TicketCase,
  waitingFor: WaitingFor,
  until: number | null,
  owed: Owed,
  matrix: Matrix,
  now: number,
): Changes {
  const box = work.timers.find(({ kind }) => kind === 'time-box')
  return {
    ticket: { waiting_for: waitingFor, waiting_since: now, box_by: box?.dueAt ?? null },
    cancel: [...stopped],
    plan: [{ kind: 'wait-due', dueAt: firstDue(waitingFor, until, owed, matrix, now) }],
  }
}

function firstDue(waitingFor: WaitingFor, until: number | null, owed: Owed, { waiting }: Matrix, now: number): number {
  if (until !== null) return until
  if (waitingFor === 'vendor') return owed.calendar.addWorkingTime(now, vendorMs(owed, waiting))
  const [first = waiting.customer.closeAfterDays] = waiting.customer.remindAfterDays
  return owed.calendar.addWorkingDays(now, first)
}

/** What has no promise to resolve gives a vendor as long as eight hours' work would. */
const vendorMs = ({ respondMs, resolveMs }: Owed, { vendor }: Matrix['waiting']): number =>
  Math.round(vendor.timesResolve * (resolveMs ?? respondMs))

/** The wait is over: what was left of each deadline counts from now. */
export function resumeClocks(work: TicketCase, owed: Owed, matrix: Matrix, now: number): Changes {
  const standing = runningAgain(work, owed, now)
  const { respond_by: respondBy, resolve_by: resolveBy, box_by: boxBy } = standing
  const ticket = { ...standing, waiting_for: null, waiting_since: null, box_by: null }
  const resumed = { ...work, ticket: { ...work.ticket, ...ticket } }
  const isRespondDue = work.ticket.responded_at === null && respondBy !== null && respondBy > now
  return {
    ticket,
    cancel: ['wait-due'],
    plan: [
      ...(isRespondDue ? [{ kind: 'respond-due' as const, dueAt: respondBy }] : []),
      ...(resolveBy !== null && resolveBy >= now ? [{ kind: 'resolve-due' as const, dueAt: resolveBy }] : []),
      ...(boxBy === null ? [] : [{ kind: 'time-box' as const, dueAt: boxBy }]),
      ...nextShare(resumed, owed, matrix, now),
      ...nextUntouched(resumed, owed, matrix, now),
    ],
    entries: [promised(resumed, owed)],
  }
}

/** The wait's own timer came due. */
export function waitIsDue(work: TicketCase, timer: Timer, owed: Owed, matrix: Matrix, now: number): Changes {
  switch (work.ticket.waiting_for) {
    case 'customer':
      return remindCustomer(work, timer, owed, matrix, now)
    case 'vendor':
      return chaseVendor(owed, matrix, now)
    case 'appointment':
    case 'window':
      return goOn(work, owed, matrix, now)
    case null:
      return {}
  }
}

function goOn(work: TicketCase, owed: Owed, matrix: Matrix, now: number): Changes {
  // Who was given it may not have seen it: until somebody acknowledges, it goes on calling.
  const status = work.ticket.acknowledged_at === null ? ('new' as const) : ('acknowledged' as const)
  // Whoever had it begins anew now, and has not left it lying since before. What nobody touched may still end by itself.
  const touched_at = work.ticket.touched_at === null ? null : now
  const again = { ...work, ticket: { ...work.ticket, status, touched_at } }
  const changes = resumeClocks(again, owed, matrix, now)
  const entry = { kind: 'resumed' as const, actor: 'system', body: { waitedFor: work.ticket.waiting_for, why: 'it is time' } }
  return { ...changes, ticket: { ...changes.ticket, status, touched_at }, entries: [entry, ...(changes.entries ?? [])] }
}

function chaseVendor(owed: Owed, { waiting }: Matrix, now: number): Changes {
  const entry = { kind: 'reminded' as const, actor: 'system', body: { what: 'vendor', tell: 'owner', page: false } }
  return { entries: [entry], plan: [{ kind: 'wait-due', dueAt: owed.calendar.addWorkingTime(now, vendorMs(owed, waiting)) }] }
}

/** Reminded as often as the matrix says, of what was missed once; then it ends, and an answer brings it back. */
function remindCustomer(work: TicketCase, { dueAt }: Timer, { calendar }: Owed, { waiting }: Matrix, now: number): Changes {
  const since = work.ticket.waiting_since ?? now
  const { remindAfterDays, closeAfterDays } = waiting.customer
  const closesAt = calendar.addWorkingDays(since, closeAfterDays)
  if (closesAt <= now) return closeUnanswered(work, now)
  const reminders = remindAfterDays.map((count) => calendar.addWorkingDays(since, count))
  const count = reminders.filter((at) => at <= Math.max(now, dueAt)).length
  const next = reminders.find((at) => at > now) ?? closesAt
  const body = { what: 'customer', count, of: reminders.length, closesAt, tell: 'requester', page: false }
  return { entries: [{ kind: 'reminded', actor: 'system', body }], plan: [{ kind: 'wait-due', dueAt: Math.min(next, closesAt) }] }
}

function closeUnanswered(work: TicketCase, now: number): Changes {
  const ended = endClocks(work, 'system', now)
  const entry = { kind: 'resolved' as const, actor: 'system', body: { resolution: 'unanswered', note: '' } }
  return {
    ...ended,
    ticket: { ...ended.ticket, status: 'resolved', resolution: 'unanswered', resolved_at: now },
    entries: [...(ended.entries ?? []), entry],
  }
}
