import type { Changes, Entry, TicketCase } from '../pipeline/changes.ts'
import type { Owed } from './promise.ts'

/** Until when what is owed from `from` on. */
export function deadlines(owed: Owed, from: number): { respondBy: number; resolveBy: number | null } {
  return {
    respondBy: owed.calendar.addWorkingTime(from, owed.respondMs),
    resolveBy: owed.resolveMs === null ? null : owed.calendar.addWorkingTime(from, owed.resolveMs),
  }
}

type Deadlines = Pick<TicketCase['ticket'], 'respond_by' | 'resolve_by' | 'box_by'>

/** The ticket's deadlines as if its wait ended now. What was over before the wait began stays over, at its instant. */
export function runningAgain({ ticket }: TicketCase, { calendar, boxCalendar }: Owed, now: number): Deadlines {
  const { waiting_since: since, respond_by, resolve_by, box_by } = ticket
  if (since === null) return { respond_by, resolve_by, box_by }
  const shifted = (by: number | null, hours = calendar): number | null =>
    by === null || by <= since ? by : hours.addWorkingTime(now, hours.workingTime(since, by))
  return { respond_by: shifted(respond_by), resolve_by: shifted(resolve_by), box_by: shifted(box_by, boxCalendar) }
}

/** What is owed from now on, and in which calendar: from these lines the ledger counts every minute again. */
export const promised = ({ ticket }: Pick<TicketCase, 'ticket'>, owed: Owed): Omit<Entry, 'at'> => ({
  kind: 'promised',
  actor: 'system',
  body: {
    ...{ respondBy: ticket.respond_by, resolveBy: ticket.resolve_by, respondMs: owed.respondMs, resolveMs: owed.resolveMs },
    ...{ ...owed.named, matrixVersion: ticket.plan_version },
  },
})

export type Promised = 'respond' | 'resolve'

/** Kept in time; or broken, and not said yet: a timer that a restore has planned anew comes later than its promise. */
export function outcomeOf(promise: Promised, { ticket, timers }: TicketCase, actor: string, now: number): NonNullable<Changes['entries']> {
  const due = promise === 'respond' ? ticket.respond_by : ticket.resolve_by
  if (due === null) return []
  // While it waits nothing runs out.
  if ((ticket.waiting_since ?? now) <= due) return [{ kind: 'promise-kept', actor, body: { promise, due } }]
  return timers.some(({ kind }) => kind === `${promise}-due`) ? [broken(promise, due, now)] : []
}

export const broken = (promise: Promised, due: number, now: number, tell: { tell?: string; page?: boolean } = {}): Omit<Entry, 'at'> => ({
  kind: 'promise-broken',
  actor: 'system',
  body: { promise, due, lateMs: Math.max(0, now - due), ...tell },
})
