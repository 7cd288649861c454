import { isSecurity } from '#shared/domain/signal.ts'
import { isOpen } from '#shared/domain/ticket.ts'
import type { TicketCase, Trouble } from '../pipeline/changes.ts'
import type { Matrix } from '../route/matrix.ts'

/*
 * Enters: a trouble, whether it is over by now, and the newest ticket of the same endpoint and fingerprint, if there is one.
 * Leaves: a verdict: opens · joins · reopens · clears · nothing.
 * Promises: pure; one ticket per (endpoint, fingerprint) at a time (invariant 8), whatever order signals come in.
 * Meets: one organisation's signals on another's ticket: the caller looks the ticket up by the endpoint that the
 * certificate named, never by anything in the signal.
 */

export type Verdict =
  | { kind: 'opens' }
  | { kind: 'joins'; earlier: TicketCase }
  | { kind: 'reopens'; earlier: TicketCase }
  | { kind: 'clears'; earlier: TicketCase }
  | { kind: 'nothing'; reason: string }

export function correlate(
  trouble: Trouble,
  earlier: TicketCase | undefined,
  isOver: boolean,
  { reopens, late }: Pick<Matrix, 'reopens' | 'late'>,
  now: number,
): Verdict {
  if (earlier && isOpen(earlier.ticket.status)) return { kind: trouble.state === 'cleared' ? 'clears' : 'joins', earlier }
  if (trouble.state === 'cleared') return { kind: 'nothing', reason: 'it cleared, and no ticket was open' }
  if (isOver && trouble.ageMs > late.opensUntil && !alwaysPages(trouble))
    return { kind: 'nothing', reason: 'it was over long before it was heard of' }
  return earlier && isFresh(earlier, reopens, now) ? { kind: 'reopens', earlier } : { kind: 'opens' }
}

/** Security and critical: never only recorded, however old and over. */
const alwaysPages = ({ kind, severity }: Trouble): boolean => isSecurity(kind) && severity === 'critical'

function isFresh({ ticket }: TicketCase, reopens: Matrix['reopens'], now: number): boolean {
  const windowMs = isSecurity(ticket.kind) ? reopens.security : reopens.otherwise
  return now - (ticket.resolved_at ?? 0) < windowMs
}

/** What one signal's ticket is found by. Those of no endpoint belong to their source, or to the collector itself. */
export function correlationKey(of: {
  organisation_id: string
  endpoint_id: string | null
  source_id: string | null
  fingerprint: string
}): string {
  const from = of.endpoint_id ?? `${of.organisation_id}/${of.source_id ?? ''}`
  return `${from} ${of.fingerprint}`
}
