import type { TicketSummary } from '#shared/api/tickets.ts'
import { isOpen } from '#shared/domain/ticket.ts'

export interface Pressing {
  kind: NonNullable<TicketSummary['nextDue']>['kind']
  at: number
  isOverdue: boolean
}

type Clocks = Pick<TicketSummary, 'status' | 'respondBy' | 'respondedAt' | 'resolveBy' | 'waitingSince' | 'nextDue'>

/**
 * The one deadline to count down to. A broken promise stays in sight (its timer has fired, so `nextDue` has moved on to
 * the next thing); otherwise whatever comes due next.
 */
export function pressing(ticket: Clocks, now: number): Pressing | undefined {
  if (!isOpen(ticket.status)) return undefined
  const { resolveBy, respondBy, respondedAt, waitingSince, nextDue } = ticket
  // While it waits nothing runs out.
  const until = waitingSince ?? now
  if (resolveBy !== null && resolveBy <= until) return { kind: 'resolve', at: resolveBy, isOverdue: true }
  if (respondBy !== null && respondedAt === null && respondBy <= until) return { kind: 'respond', at: respondBy, isOverdue: true }
  return nextDue ? { ...nextDue, isOverdue: nextDue.at <= now } : undefined
}
