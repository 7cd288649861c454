import type { Resolution, TicketAction, WaitingFor } from '#shared/domain/ticket.ts'
import { transition } from '#shared/domain/ticket.ts'
import type { Changes, TicketCase } from '../pipeline/changes.ts'

/** What a person does to a ticket (pure); the clocks are escalate's. */
export type Acted = { kind: 'changes'; changes: Changes } | { kind: 'illegal'; legal: TicketAction[] }

export function acknowledged({ ticket }: TicketCase, personId: string, now: number): Acted {
  const moved = transition(ticket.status, 'acknowledge')
  if (moved.kind === 'illegal') return moved
  const taken = { status: moved.to, owner_id: personId, acknowledged_at: ticket.acknowledged_at ?? now }
  const body = ticket.owner_id === personId ? { wasTheirs: true } : {}
  return done({ ticket: { ...taken, ...touched(now) }, entries: [{ kind: 'acknowledged', actor: personId, body }] })
}

/** Said on an ended ticket too: it is where the next one looks. */
export const commented = (personId: string, text: string, isInternal: boolean, now: number): Changes => ({
  ticket: touched(now),
  entries: [{ kind: 'commented', actor: personId, body: { text, ...(isInternal && { isInternal }) } }],
})

export function resolved({ ticket }: TicketCase, personId: string, resolution: Resolution, note: string, now: number): Acted {
  const moved = transition(ticket.status, 'resolve')
  if (moved.kind === 'illegal') return moved
  const ended = { status: moved.to, resolution, resolved_at: now, ...touched(now) }
  const containment = ticket.containment === 'asked' ? { containment: 'answered' as const } : {}
  return done({ ticket: { ...ended, ...containment }, entries: [{ kind: 'resolved', actor: personId, body: { resolution, note } }] })
}

/** It waits for somebody else; the person who had it still does. */
export function waited(
  { ticket }: TicketCase,
  personId: string,
  { waitingFor, until, note }: { waitingFor: WaitingFor; until: number | null; note: string },
  now: number,
): Acted {
  const moved = transition(ticket.status, 'wait')
  if (moved.kind === 'illegal') return moved
  const body = { for: waitingFor, ...(until !== null && { until }), note }
  return done({ ticket: { status: moved.to, ...touched(now) }, entries: [{ kind: 'waiting', actor: personId, body }] })
}

/** Its machine is worked on: nobody touched it, so it ends by itself as it would have. */
export const waitedForWindow = (name: string, until: number): Changes => ({
  ticket: { status: 'waiting' },
  entries: [{ kind: 'waiting', actor: 'system', body: { for: 'window', until, note: `“${name}”` } }],
})

export function resumed({ ticket }: TicketCase, personId: string, note: string, now: number): Acted {
  const moved = transition(ticket.status, 'resume')
  if (moved.kind === 'illegal') return moved
  const taken = { status: moved.to, owner_id: ticket.owner_id ?? personId, acknowledged_at: ticket.acknowledged_at ?? now }
  const body = { waitedFor: ticket.waiting_for, note }
  return done({ ticket: { ...taken, ...touched(now) }, entries: [{ kind: 'resumed', actor: personId, body }] })
}

/** A new life with new promises, on the timeline that is there. */
export function reopenedBy({ ticket }: TicketCase, personId: string, note: string, now: number): Acted {
  const moved = transition(ticket.status, 'reopen')
  if (moved.kind === 'illegal') return moved
  const life = { status: moved.to, resolution: null, resolved_at: null, owner_id: null, acknowledged_at: null, touched_at: null }
  const body = { note, endedAt: ticket.resolved_at, endedAs: ticket.resolution }
  const alone = { came_at: now, parent_id: null, gathered_by: null }
  return done({
    ticket: { ...life, ...alone, responded_at: null, containment: 'none' },
    entries: [{ kind: 'reopened', actor: personId, body }],
  })
}

/** What it comes from, as a person found out. */
export const causeNamed = (
  personId: string,
  body: { cause: string; place?: string; part?: string; note: string },
  now: number,
): Changes => ({
  ticket: touched(now),
  entries: [{ kind: 'cause-named', actor: personId, body }],
})

/** Of what was there before us, these lines are decided. */
export const foundDecided = (
  personId: string,
  body: { decision: 'accepted' | 'opened'; count: number; numbers: number[] },
  now: number,
): Changes => ({ ticket: touched(now), entries: [{ kind: 'found-decided', actor: personId, body }] })

/** The customer's own word: no act on the ticket of ours, but the end of waiting for it. */
export function answeredByCustomer({ ticket }: TicketCase, personId: string, text: string): Changes {
  const said = { kind: 'commented' as const, actor: personId, body: { text, isCustomer: true } }
  if (ticket.status !== 'waiting' || ticket.waiting_for !== 'customer') return { entries: [said] }
  const goesOn = { kind: 'resumed' as const, actor: personId, body: { waitedFor: 'customer', why: 'the customer answered' } }
  return { ticket: { status: ticket.owner_id === null ? 'new' : 'acknowledged' }, entries: [said, goesOn] }
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
    ticket: { containment: 'answered', ...touched(now) },
    entries: ticket.containment === 'asked' ? [entry] : [],
    cancel: ['ask-due'],
  }
}

/** One side has said that the machine may be released; whoever has the ticket is told. */
export const agreedAlone = (personId: string, body: { side: string; reason: string }): Changes => ({
  entries: [{ kind: 'release-agreed', actor: personId, body: { ...body, tell: 'owner', what: 'release' } }],
})

const touched = (now: number): { touched_at: number } => ({ touched_at: now })

const done = (changes: Changes): Acted => ({ kind: 'changes', changes })
