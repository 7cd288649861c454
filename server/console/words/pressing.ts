import type { TicketSummary } from '#shared/api/tickets.ts'
import { isOpen } from '#shared/domain/ticket.ts'

export interface Pressing {
  kind: 'respond' | 'resolve' | 'time-box' | 'ask' | 'review'
  at: number
  isOverdue: boolean
}

type Clocks = Pick<TicketSummary, 'status' | 'respondBy' | 'respondedAt' | 'resolveBy' | 'nextDue'>

/**
 * The one deadline to count down to. A broken promise stays in sight (its timer has fired, so `nextDue` has moved on to
 * the next thing); otherwise whatever comes due next.
 */
export function pressing(ticket: Clocks, now: number): Pressing | undefined {
  if (!isOpen(ticket.status)) return undefined
  const { resolveBy, respondBy, respondedAt, nextDue } = ticket
  if (resolveBy !== null && resolveBy <= now) return { kind: 'resolve', at: resolveBy, isOverdue: true }
  if (respondBy !== null && respondedAt === null && respondBy <= now) return { kind: 'respond', at: respondBy, isOverdue: true }
  return nextDue ? { ...nextDue, isOverdue: nextDue.at <= now } : undefined
}
