import type { Role } from '#shared/domain/endpoint.ts'
import type { Language } from '#shared/domain/language.ts'
import type { Urgency } from '#shared/domain/priority.ts'
import type { Severity } from '#shared/domain/severity.ts'
import type { Facts, SignalState } from '#shared/domain/signal.ts'
import type { TimelineKind } from '#shared/domain/ticket.ts'
import type { Capabilities } from '../store/capabilities.ts'
import type { IsolationsTable } from '../store/tables/command.ts'
import type { TimerKind } from '../store/tables/escalate.ts'
import type { TicketsTable } from '../store/tables/ticket.ts'

/*
 * The words in which the stages decide. A stage's `decide` is pure: it gets one ticket as it stands (TicketCase), what
 * came in (Trouble) or is due, and the instant, and returns Changes. `apply` puts them on the case in memory; nothing
 * has happened until keep.ts writes the case in one transaction.
 */

/** What came in: a signal with its facts read, or a person's request. */
export interface Trouble {
  signalId: string
  kind: string
  severity: Severity
  state: SignalState
  fingerprint: string
  summary: string
  facts: Facts
  /** What a person wrote beside the summary. */
  text?: string
  /** How old the news was when it arrived. */
  ageMs: number
  /** When it happened, by our clock, if that is old news (`late` of the matrix); else null. */
  happenedAt: number | null
  source: TroubleSource
  /** What a person answered to "can you carry on?"; null: taken from the severity. */
  urgency: Urgency | null
}
export type TroubleSource = 'agent' | 'source' | 'collector' | 'person'

/** Whom and what a ticket is about, with all that the matrix asks of them. */
export interface Subject {
  organisation: {
    id: string
    name: string
    mode: 'observe' | 'live'
    plan: string
    timeZone: string
    /** English, when absent. */
    language?: Language
    /** Kinds that its own IT has first. */
    ownIt?: readonly string[]
    stoppedUntil?: number | null
  }
  site: { id: string; timeZone: string | null } | null
  /** The person who asked for it, where one did. */
  requester?: Requester | null
  /** `isNewSince`: when it came to us, if it was new then. */
  endpoint: { id: string; hostname: string; tags?: readonly string[]; isNewSince?: number | undefined } | null
  role: Role
  roleSource: 'person' | 'facts' | 'unknown'
  isolation: (Pick<IsolationsTable, 'desired' | 'actual'> & { isOnItsWay: boolean }) | null
}

/** A person of the customer. */
export interface Requester {
  id: string
  name: string
  mail: string
  /** null: the organisation's. */
  language: Language | null
  timeZone: string | null
  vip?: Vip | null
}

/** They have a technician by name and hear sooner; their priority is everybody's. */
export interface Vip {
  /** null: nobody is named, or not any more. */
  technicianId: string | null
}

/** How a stage writes many rows at once; capabilities of the store. */
export type PutRows = Capabilities['putRows']
export type WriteRows = Pick<Capabilities, 'putRows' | 'updateRows' | 'post'>

export interface Entry {
  at: number
  kind: TimelineKind
  /** `system`, `agent`, or a person's id. */
  actor: string
  body: Record<string, unknown>
}

export interface Timer {
  /** null until it is kept. */
  id: string | null
  kind: TimerKind
  dueAt: number
}

/** A command that shall go to the ticket's endpoint. */
export interface Order {
  id: string
  verb: string
  /** `system`, or a person's id. */
  requestedBy: string
  reason: string
  /** Absent: what its definition asks for by itself. */
  args?: Record<string, unknown>
}

/** What a decision wants changed. */
export interface Changes {
  ticket?: Partial<TicketsTable>
  entries?: Omit<Entry, 'at'>[]
  /** Each replaces the open timer of its kind: a ticket has at most one of each. */
  plan?: { kind: TimerKind; dueAt: number }[]
  cancel?: TimerKind[] | 'all'
  orders?: Order[]
}

/** One ticket as it stands in the middle of a transaction: what was loaded, and what shall be kept. */
export interface TicketCase {
  readonly ticket: TicketsTable
  readonly subject: Subject
  /** Those that are open. */
  readonly timers: readonly Timer[]
  readonly cancelledTimers: readonly string[]
  readonly entries: readonly Entry[]
  readonly orders: readonly Order[]
  readonly isNew: boolean
  readonly isChanged: boolean
}

export const caseOf = (ticket: TicketsTable, subject: Subject, timers: readonly Timer[], isNew = false): TicketCase => ({
  ticket,
  subject,
  timers,
  cancelledTimers: [],
  entries: [],
  orders: [],
  isNew,
  isChanged: isNew,
})

/** The case as it stands after `changes`; the case that was given stays as it is. */
export function apply(work: TicketCase, changes: Changes, now: number): TicketCase {
  const { ticket, entries, plan, cancel, orders } = changes
  if (!ticket && !entries && !plan && !cancel && !orders) return work
  const { timers, cancelledTimers } = plan || cancel ? replan(work, changes) : work
  // Each by its name, because this is done a dozen times for one signal.
  return {
    ticket: ticket ? { ...work.ticket, ...ticket } : work.ticket,
    subject: work.subject,
    timers,
    cancelledTimers,
    entries: entries && entries.length > 0 ? withDated(work.entries, entries, now) : work.entries,
    orders: orders ? [...work.orders, ...orders] : work.orders,
    isNew: work.isNew,
    isChanged: true,
  }
}

function withDated(before: readonly Entry[], entries: readonly Omit<Entry, 'at'>[], at: number): Entry[] {
  const all = before.slice()
  for (const { kind, actor, body } of entries) all.push({ at, kind, actor, body })
  return all
}

function replan(work: TicketCase, { plan = [], cancel = [] }: Changes): Pick<TicketCase, 'timers' | 'cancelledTimers'> {
  const [timers, ended]: [Timer[], string[]] = [[], []]
  for (const timer of work.timers) {
    const isEnded = cancel === 'all' || cancel.includes(timer.kind) || plan.some(({ kind }) => kind === timer.kind)
    if (!isEnded) timers.push(timer)
    else if (timer.id !== null) ended.push(timer.id)
  }
  for (const { kind, dueAt } of plan) timers.push({ id: null, kind, dueAt })
  return { timers, cancelledTimers: ended.length === 0 ? work.cancelledTimers : [...work.cancelledTimers, ...ended] }
}
