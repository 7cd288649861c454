import { isOpen } from '#shared/domain/ticket.ts'
import type { Changes, TicketCase } from '../pipeline/changes.ts'
import type { Matrix } from '../route/matrix.ts'
import { promised } from './deadlines.ts'
import type { Owed } from './promise.ts'
import { nextShare } from './reminders.ts'

/** By which matrix a ticket's clocks run, and what it owes by it. */
export interface Plan {
  matrix: Matrix
  owed: Owed
}

/**
 * An open ticket takes over another plan (pure): the time that was used stays used, and what the new plan leaves of each
 * promise and of the box counts from now, or from the beginning of its wait. A promise that is broken stays so.
 */
export function replan(work: TicketCase, before: Plan, after: Plan, now: number): Changes {
  const { ticket } = work
  if (!isOpen(ticket.status) || ticket.plan_version === after.matrix.version) return {}
  // What is under another has no clocks.
  if (ticket.parent_id !== null) return { ticket: { plan_version: after.matrix.version } }
  const at = ticket.waiting_since ?? now
  const respondBy = ticket.responded_at === null ? movedDue(ticket.respond_by, 'respondMs', before, after, at) : ticket.respond_by
  const resolveBy = movedDue(ticket.resolve_by, 'resolveMs', before, after, at)
  const boxBy = ticket.waiting_since === null ? null : movedBox(work, ticket.box_by, before, after, at)
  const moved = { plan_version: after.matrix.version, respond_by: respondBy, resolve_by: resolveBy, box_by: boxBy }
  const planned = { ...work, ticket: { ...ticket, ...moved } }
  const timers = ticket.waiting_since === null ? timersOf(planned, ticket, before, after, now) : {}
  return { ticket: moved, entries: [promised(planned, after.owed)], ...timers }
}

/** What is due anew; while it waits, nothing is but the end of the wait. */
function timersOf(
  planned: TicketCase,
  old: TicketCase['ticket'],
  before: Plan,
  after: Plan,
  now: number,
): Pick<Changes, 'plan' | 'cancel'> {
  const { respond_by: respondBy, resolve_by: resolveBy, responded_at } = planned.ticket
  const box = planned.timers.find(({ kind }) => kind === 'time-box')
  const boxBy = box ? movedBox(planned, box.dueAt, before, after, now) : null
  const isRespondMoved = responded_at === null && respondBy !== null && respondBy !== old.respond_by
  const isResolveMoved = resolveBy !== null && resolveBy !== old.resolve_by
  return {
    cancel: ['promise-share', 'time-box', ...(resolveBy === null ? (['resolve-due'] as const) : [])],
    plan: [
      ...(isRespondMoved ? [{ kind: 'respond-due' as const, dueAt: respondBy }] : []),
      ...(isResolveMoved ? [{ kind: 'resolve-due' as const, dueAt: resolveBy }] : []),
      ...(boxBy === null ? [] : [{ kind: 'time-box' as const, dueAt: boxBy }]),
      ...nextShare(planned, after.owed, after.matrix, now),
    ],
  }
}

function movedDue(due: number | null, of: 'respondMs' | 'resolveMs', { owed: old }: Plan, { owed }: Plan, at: number): number | null {
  const ms = owed[of]
  if (due !== null && due <= at) return due
  if (ms === null) return null
  const used = due === null ? 0 : (old[of] ?? 0) - old.calendar.workingTime(at, due)
  return owed.calendar.addWorkingTime(at, Math.max(0, ms - Math.max(0, used)))
}

/** null: the new plan gives this team no box that starts as the old one did. */
function movedBox({ ticket }: TicketCase, due: number | null, before: Plan, after: Plan, at: number): number | null {
  const old = before.matrix.timeBoxes[ticket.team]?.[ticket.priority]
  const box = after.matrix.timeBoxes[ticket.team]?.[ticket.priority]
  if (due === null || !old || box?.from !== old.from) return null
  const used = old.box - before.owed.boxCalendar.workingTime(at, Math.max(at, due))
  return after.owed.boxCalendar.addWorkingTime(at, Math.max(0, box.box - Math.max(0, used)))
}
