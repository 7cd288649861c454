import type { Resolution, TicketAction } from '#shared/domain/ticket.ts'
import { transition } from '#shared/domain/ticket.ts'
import type { Changes, TicketCase } from '../changes.ts'

/** What a person does to a ticket (pure); the clocks are escalate's. */
export type Acted = { kind: 'changes'; changes: Changes } | { kind: 'illegal'; legal: TicketAction[] }

export function acknowledged({ ticket }: TicketCase, personId: string, now: number): Acted {
  const moved = transition(ticket.status, 'acknowledge')
  if (moved.kind === 'illegal') return moved
  const taken = { status: moved.to, owner_id: personId, acknowledged_at: ticket.acknowledged_at ?? now }
  return done({ ticket: { ...taken, ...touched(ticket.touched_at, now) }, entries: [{ kind: 'acknowledged', actor: personId, body: {} }] })
}

/** Said on an ended ticket too: it is where the next one looks. */
export const commented = ({ ticket }: TicketCase, personId: string, text: string, now: number): Changes => ({
  ticket: touched(ticket.touched_at, now),
  entries: [{ kind: 'commented', actor: personId, body: { text } }],
})

export function resolved({ ticket }: TicketCase, personId: string, resolution: Resolution, note: string, now: number): Acted {
  const moved = transition(ticket.status, 'resolve')
  if (moved.kind === 'illegal') return moved
  const ended = { status: moved.to, resolution, resolved_at: now, ...touched(ticket.touched_at, now) }
  const containment = ticket.containment === 'asked' ? { containment: 'answered' as const } : {}
  return done({ ticket: { ...ended, ...containment }, entries: [{ kind: 'resolved', actor: personId, body: { resolution, note } }] })
}

/** A person decides about containment; a question that stands is answered by it. */
export function decided(
  { ticket }: TicketCase,
  personId: string,
  answer: 'isolate' | 'release' | 'leave',
  reason: string,
  now: number,
): Changes {
  const entry = { kind: 'containment-answered' as const, actor: personId, body: { answer, reason } }
  return {
    ticket: { containment: 'answered', ...touched(ticket.touched_at, now) },
    entries: ticket.containment === 'asked' ? [entry] : [],
    cancel: ['ask-due'],
  }
}

const touched = (before: number | null, now: number): { touched_at: number } => ({ touched_at: before ?? now })

const done = (changes: Changes): Acted => ({ kind: 'changes', changes })
