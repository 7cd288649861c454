import { isSecurity } from '#shared/domain/signal.ts'
import { isOpen } from '#shared/domain/ticket.ts'
import type { Changes, TicketCase, Timer } from '../changes.ts'
import type { Matrix } from '../route/matrix.ts'
import { boxFrom, broken, endClocks } from './escalate.ts'
import type { Owed } from './promise.ts'

/** What being due does to a ticket (pure). `ask-due` is containment's own. */
export function fire(work: TicketCase, timer: Timer, owed: Owed, matrix: Matrix, now: number): Changes {
  if (!isOpen(work.ticket.status)) return {}
  switch (timer.kind) {
    case 'time-box':
      return moveOn(work, owed, matrix, now)
    case 'respond-due':
      return work.ticket.responded_at === null ? { entries: [broken('respond', work.ticket.respond_by ?? timer.dueAt, now)] } : {}
    case 'resolve-due':
      return { entries: [broken('resolve', work.ticket.resolve_by ?? timer.dueAt, now)] }
    case 'quiet-clear':
      return closeByItself(work, now)
    case 'review':
      return { entries: [{ kind: 'reviewed', actor: 'system', body: { why: 'nothing else was due' } }] }
    default:
      return {}
  }
}

/** The box is over. In its new tier the ticket waits to be taken like any other, so the box of work there starts then. */
function moveOn(work: TicketCase, owed: Owed, matrix: Matrix, now: number): Changes {
  const { ticket } = work
  const to = matrix.timeBoxes[ticket.team]?.[ticket.priority]?.to ?? 'stays'
  const from = { team: ticket.team, tier: ticket.tier }
  if (to === 'stays') return { entries: [{ kind: 'reviewed', actor: 'system', body: { why: 'time-box', ...from } }] }
  const moved = { team: to, tier: matrix.tierOf(to), in_tier_since: now, owner_id: null, status: 'new' as const, acknowledged_at: null }
  const body = { reason: 'time-box', fromTeam: from.team, fromTier: from.tier, toTeam: moved.team, toTier: moved.tier }
  return {
    ticket: moved,
    entries: [{ kind: 'escalated', actor: 'system', body }],
    plan: boxFrom('arrival', { ...work, ticket: { ...ticket, ...moved } }, owed, matrix, now),
  }
}

/** Asked again at the instant itself: a person may have touched it, or the trouble may be back. */
function closeByItself(work: TicketCase, now: number): Changes {
  const { ticket } = work
  if (ticket.touched_at !== null || ticket.is_standing === 1 || isSecurity(ticket.kind)) return {}
  const ended = endClocks(work, 'system', now)
  return {
    ...ended,
    ticket: { status: 'resolved', resolution: 'cleared', resolved_at: now },
    entries: [...(ended.entries ?? []), { kind: 'resolved', actor: 'system', body: { resolution: 'cleared', note: '' } }],
  }
}
