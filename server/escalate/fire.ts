import type { Packet } from '#shared/domain/packet.ts'
import { comparePriority } from '#shared/domain/priority.ts'
import { isSecurity } from '#shared/domain/signal.ts'
import { isOpen } from '#shared/domain/ticket.ts'
import type { Changes, TicketCase, Timer } from '../pipeline/changes.ts'
import type { Matrix } from '../route/matrix.ts'
import { crewOf, isSameCrew, type Staff } from './crew.ts'
import { broken } from './deadlines.ts'
import { endClocks } from './escalate.ts'
import { hop, hopTarget } from './hop.ts'
import { waitIsDue } from './pause.ts'
import type { Owed } from './promise.ts'
import { remindOfPromise, remindOfUntouched, tellOfBroken } from './reminders.ts'
import { sayWord } from './word.ts'

/** What a timer is decided on besides its ticket. */
export interface Firing {
  /** By which this ticket's clocks run. */
  matrix: Matrix
  owed: Owed
  staff: readonly Staff[]
  /** What goes with the ticket if it moves. */
  packet: Packet | undefined
}

/** What being due does to a ticket (pure); of one that moved, the caller tightens the clocks. `ask-due` is containment's own. */
export function fire(work: TicketCase, timer: Timer, firing: Firing, now: number): Changes {
  const { matrix, owed } = firing
  const { ticket } = work
  if (!isOpen(ticket.status)) return {}
  switch (timer.kind) {
    case 'time-box':
      return moveOn(work, firing, now)
    case 'respond-due':
      if (ticket.responded_at !== null) return {}
      return { entries: [broken('respond', ticket.respond_by ?? timer.dueAt, now, tellOfBroken('respond', work, matrix))] }
    case 'resolve-due':
      return { entries: [broken('resolve', ticket.resolve_by ?? timer.dueAt, now, tellOfBroken('resolve', work, matrix))] }
    case 'promise-share':
      return remindOfPromise(work, timer.dueAt, owed, matrix, now)
    case 'untouched':
      return remindOfUntouched(work, timer.dueAt, owed, matrix, now)
    case 'word':
      return sayWord()
    case 'wait-due':
      return waitIsDue(work, timer, owed, matrix, now)
    case 'quiet-clear':
      return closeByItself(work, matrix, now)
    case 'review':
      return { entries: [{ kind: 'reviewed', actor: 'system', body: { why: 'nothing else was due' } }] }
    default:
      return {}
  }
}

/** The box is over. In its new tier the ticket waits to be taken like any other, so the box of work there starts then. */
function moveOn(work: TicketCase, { matrix, staff, packet }: Firing, now: number): Changes {
  const { team, tier } = work.ticket
  const to = hopTarget(work, 'time-box', matrix)
  if (to === undefined) return say('reviewed', { why: 'time-box', team, tier, tell: 'lead' })
  const crew = (name: string): ReadonlySet<string> => crewOf(name, staff, matrix, work.subject.organisation.id)
  if (isSameCrew(crew(team), crew(to))) return say('reminded', { what: 'time-box', team, to, tell: 'owner', page: false })
  return hop(work, { to, reason: 'time-box', actor: 'system', tried: '', hypothesis: '', packet }, matrix, now)
}

const say = (kind: 'reviewed' | 'reminded', body: Record<string, unknown>): Changes => ({ entries: [{ kind, actor: 'system', body }] })

/** Asked again at the instant itself: a person may have touched it, or the trouble may be back. */
function closeByItself(work: TicketCase, { gathering }: Matrix, now: number): Changes {
  const { ticket } = work
  // Nobody says of what joined it that it is over, and what is pressing waits for a person.
  const isWaiting = ticket.is_standing === 1 || comparePriority(ticket.priority, 'P3') < 0
  if (ticket.touched_at === null && isWaiting && ticket.gathers === 'endpoint')
    return { plan: [{ kind: 'quiet-clear', dueAt: now + gathering.endpoint.quiet }] }
  if (ticket.touched_at !== null || ticket.is_standing === 1 || isSecurity(ticket.kind)) return {}
  const ended = endClocks(work, 'system', now)
  return {
    ...ended,
    ticket: { ...ended.ticket, status: 'resolved', resolution: 'cleared', resolved_at: now },
    entries: [...(ended.entries ?? []), { kind: 'resolved', actor: 'system', body: { resolution: 'cleared', note: '' } }],
  }
}
