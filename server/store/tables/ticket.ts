import type { Impact, Priority, Urgency } from '#shared/domain/priority.ts'
import type { Severity } from '#shared/domain/severity.ts'
import type { Containment, Gathering, Gathers, Resolution, TicketStatus, TimelineKind, WaitingFor } from '#shared/domain/ticket.ts'
import type { Tier } from '#shared/domain/tier.ts'
import type { Flag } from '../flag.ts'

export interface TicketsTable {
  id: string
  /** What people say aloud. */
  number: number
  organisation_id: string
  site_id: string | null
  endpoint_id: string | null
  source_id: string | null
  /** The person of the customer who asked for it. */
  requester_id: string | null
  /** The ticket that this one is a task of, and which: to restore, to send somebody. */
  follows_id: string | null
  task: string | null
  fingerprint: string
  kind: string
  severity: Severity
  title: string
  status: TicketStatus
  resolution: Resolution | null
  impact: Impact
  urgency: Urgency
  priority: Priority
  tier: Tier
  team: string
  owner_id: string | null
  occurrences: number
  /** The condition is true now (raised and not cleared); 0 for what happened. */
  is_standing: Flag
  containment: Containment
  opened_at: number
  last_signal_at: number
  /** When what the title says happened, if all that was heard of it came late; null: it is news. */
  happened_at: number | null
  acknowledged_at: number | null
  /** The latest act of a person; null means nobody touched it. */
  touched_at: number | null
  resolved_at: number | null
  /** When it came into its present tier. */
  in_tier_since: number
  respond_by: number | null
  resolve_by: number | null
  responded_at: number | null
  /** Set while it is `waiting`; what is due then holds as of the instant at which that began. */
  waiting_for: WaitingFor | null
  waiting_since: number | null
  /** When its time-box is over, kept while it waits; otherwise a timer knows. */
  box_by: number | null
  /** Of the matrix that decided last. */
  matrix_version: number
  /** Of the matrix by which its promises and time-boxes count: the one it opened under, until it is planned anew. */
  plan_version: number
  /** Name of the route that decided. */
  rule: string
  /** JSON array of sentences: why this priority and tier. */
  reasons: string
  /** When it opened, or came back last. */
  came_at: number
  /** The ticket under which it is kept, without pages, mails and time-boxes; null: it stands alone. */
  parent_id: string | null
  /** By what that one gathers, or did: what a storm let go is not counted towards the next one. */
  gathered_by: Gathers | null
  /** It is one over others; null: an ordinary ticket. */
  gathers: Gathers | null
  gathering: Gathering | null
  /** The problem ticket of which it is an incident. */
  problem_id: string | null
  /** JSON array of the latest instants at which its condition began or ended; null: it never changed. */
  flips: string | null
  /** JSON list of the processes that were halted for it, `{ pid, startTicks }`; null: none. */
  halted: string | null
  /** Rises with every change; a change carries the one it saw. */
  version: number
}
/** Appended to, never changed. */
export interface TimelineTable {
  id: string
  ticket_id: string
  at: number
  kind: TimelineKind
  /** `system`, `agent`, or a person's id. */
  actor: string
  /** JSON object. */
  body: string
}

export interface TicketTables {
  tickets: TicketsTable
  timeline: TimelineTable
}
