import { z } from 'zod'
import { Impact, Priority, Urgency } from '../domain/priority.ts'
import { Severity } from '../domain/severity.ts'
import { Signal } from '../domain/signal.ts'
import {
  ChildrenAct,
  Containment,
  Gathering,
  Gathers,
  HopReason,
  PersonsResolution,
  Resolution,
  TicketAction,
  TicketStatus,
  TimelineKind,
  WaitingFor,
} from '../domain/ticket.ts'
import { Tier } from '../domain/tier.ts'
import { HeldCommand } from './commands.ts'
import { IsolationView } from './endpoints.ts'
import { Affects, NewRequester } from './requests.ts'

export const Named = z.object({ id: z.string(), name: z.string() })

/** What comes due next on a ticket, for the countdown. */
export const DueKind = z.enum(['respond', 'resolve', 'time-box', 'ask', 'review', 'waiting'])

export const TicketSummary = z.object({
  id: z.string(),
  number: z.number().int(),
  organisation: Named,
  site: Named.nullable(),
  endpoint: z.object({ id: z.string(), hostname: z.string() }).nullable(),
  kind: z.string(),
  severity: Severity,
  /** What is wrong, and when it happened where that was long before it was heard of; shown as text. */
  title: z.string(),
  status: TicketStatus,
  resolution: Resolution.nullable(),
  priority: Priority,
  tier: Tier,
  team: z.string(),
  owner: Named.nullable(),
  occurrences: z.number().int(),
  isStanding: z.boolean(),
  /** It comes and goes so often that it stays open until it has been quiet for longer. */
  isFlapping: z.boolean(),
  /** It is an incident of a problem. */
  recurs: z.boolean(),
  containment: Containment,
  /** Set while it is `waiting`. */
  waitingFor: WaitingFor.nullable(),
  waitingSince: z.number().int().nullable(),
  openedAt: z.number().int(),
  /** When it happened, if all that was heard of it came late; null: it was news when the ticket opened. */
  happenedAt: z.number().int().nullable(),
  lastSignalAt: z.number().int(),
  acknowledgedAt: z.number().int().nullable(),
  respondedAt: z.number().int().nullable(),
  resolvedAt: z.number().int().nullable(),
  respondBy: z.number().int().nullable(),
  resolveBy: z.number().int().nullable(),
  /** The earliest timer that has not fired; `at` in epoch ms. */
  nextDue: z.object({ kind: DueKind, at: z.number().int() }).nullable(),
  /** It is over other tickets, by this; null: an ordinary ticket. */
  gathers: Gathers.nullable(),
  gathering: Gathering.nullable(),
  /** It is kept under another, by this: without pages, mails and time-boxes. */
  gatheredBy: Gathers.nullable(),
  version: z.number().int(),
})
export type TicketSummary = z.infer<typeof TicketSummary>

export const TimelineEntry = z.object({
  id: z.string(),
  at: z.number().int(),
  kind: TimelineKind,
  /** Name of the person, or "Tierline", or "agent". */
  actor: z.string(),
  /** One sentence for people, made by the collector; shown as text. */
  text: z.string(),
  body: z.record(z.string(), z.unknown()),
})
export type TimelineEntry = z.infer<typeof TimelineEntry>

/** The last word of each route that changes a ticket: POST /api/tickets/:id/<verb> */
export const TicketVerb = z.enum([
  ...(['acknowledge', 'comments', 'wait', 'resume', 'escalate', 'security', 'resolve', 'reopen', 'found', 'cause'] as const),
  ...(['isolate', 'release', 'false-alarm', 'leave', 'children'] as const),
])
export type TicketVerb = z.infer<typeof TicketVerb>

/** Another ticket, as this one's page names it. */
export const LinkedTicket = z.object({
  ...{ id: z.string(), number: z.number().int(), title: z.string(), status: TicketStatus, resolution: Resolution.nullable() },
  ...{ team: z.string(), task: z.string().nullable() },
})

/** One thing that a new machine came with. */
export const FoundLine = z.object({
  ...{ id: z.string(), at: z.number().int(), endpoint: z.object({ id: z.string(), hostname: z.string() }) },
  ...{ kind: z.string(), severity: Severity, summary: z.string(), isStanding: z.boolean() },
  decision: z.enum(['accepted', 'opened']).nullable(),
})

export const TicketDetail = TicketSummary.extend({
  impact: Impact,
  urgency: Urgency,
  /** Name of the route that decided, of this version of the matrix, and why, as sentences. */
  rule: z.string(),
  matrixVersion: z.number().int(),
  reasons: z.array(z.string()),
  /** The person of the customer who asked for it. */
  requester: z.object({ id: z.string(), name: z.string(), mail: z.string(), isVip: z.boolean() }).nullable(),
  /** The ticket that this one is a task of, and the tasks that follow from this one. */
  follows: LinkedTicket.nullable(),
  tasks: z.array(LinkedTicket),
  /** The problem behind it, and the incidents of a problem, newest first. */
  problem: LinkedTicket.nullable(),
  incidents: z.array(LinkedTicket),
  /** Of a ticket "as found": what was true of new machines when they came. */
  found: z.array(FoundLine),
  timeline: z.array(TimelineEntry),
  /** The newest signals of this ticket, at most 50, newest first. */
  signals: z.array(Signal.extend({ receivedAt: z.number().int() })),
  isolation: IsolationView.nullable(),
  /** One side has said that its machine may be released, and the other hasn't yet. */
  releaseAgreed: z.array(z.object({ side: z.enum(['customer', 'provider']), by: z.string(), reason: z.string(), at: z.number().int() })),
  /** The ticket over this one, where whoever asks may see it. */
  parent: z.object({ id: z.string(), number: z.number().int(), title: z.string() }).nullable(),
  /** What is under this one; null: it gathers nothing. */
  children: z
    .object({ total: z.number().int(), open: z.number().int(), machines: z.number().int(), organisations: z.number().int() })
    .nullable(),
  /** Commands of this ticket that wait for a person since the collector was restored from a backup. */
  heldCommands: z.array(HeldCommand),
  legalActions: z.array(TicketAction),
  /**
   * What the powers of whoever asks let them do on this ticket as it stands. Who may answer a question that is pending
   * may `isolate` as its yes, and only then.
   */
  may: z.array(TicketVerb),
})
export type TicketDetail = z.infer<typeof TicketDetail>

/**
 * GET /api/tickets?status=open&tier=tier1&organisationId=&endpointId=&parentId=&limit=200 ; nearest promise first, and for resolved
 * ones the newest. What is under an open ticket that the reader sees is not among the open ones, unless they ask for its machine
 * or for what is under that ticket.
 */
export const TicketQuery = z.object({
  status: z.enum(['open', 'resolved', 'all']).default('open'),
  tier: Tier.optional(),
  organisationId: z.string().max(64).optional(),
  endpointId: z.string().max(64).optional(),
  parentId: z.string().max(64).optional(),
  limit: z.coerce.number().int().min(1).max(500).default(200),
})
export const TicketList = z.object({ tickets: z.array(TicketSummary), total: z.number().int() })
export type TicketList = z.infer<typeof TicketList>

const LineState = z.enum(['running', 'paused', 'outside', 'ended'])
/** GET /api/tickets/:id/sla: where every millisecond went, from the timeline. The lines follow each other without a gap. */
export const SlaLedger = z.object({
  from: z.number().int(),
  to: z.number().int(),
  lines: z.array(z.object({ from: z.number().int(), to: z.number().int(), state: LineState, why: z.string() })),
  totals: z.record(LineState, z.number().int()),
  promises: z.array(
    z.object({
      promise: z.enum(['respond', 'resolve']),
      by: z.number().int().nullable(),
      owedMs: z.number().int().nullable(),
      ranMs: z.number().int(),
      state: z.enum(['running', 'kept', 'broken', 'none']),
    }),
  ),
  named: z.object({ calendar: z.string(), timeZone: z.string(), matrixVersion: z.number().int() }).nullable(),
})
export type SlaLedger = z.infer<typeof SlaLedger>

/** POST /api/tickets: a person opens one. Answers 201 with its TicketDetail. */
export const NewTicket = z.object({
  organisationId: z.string().max(64),
  endpointId: z.string().max(64).optional(),
  title: z.string().min(1).max(300),
  text: z.string().max(10_000).default(''),
  urgency: Urgency.default('medium'),
  /** Who else has it. */
  affects: Affects.default('me'),
  /** On whose behalf. They hear of what becomes of it. */
  requester: NewRequester.optional(),
})

/** Every change carries the version it saw, and is answered with the TicketDetail as it is now. */
const change = z.object({ version: z.number().int() })
/** POST /api/tickets/:id/acknowledge */
export const Acknowledge = change
/** POST /api/tickets/:id/comments */
export const Comment = change.extend({
  text: z.string().min(1).max(10_000),
  /** Among people of the provider: nobody of the customer sees it. */
  isInternal: z.boolean().default(false),
})
/** POST /api/tickets/:id/resolve */
export const Resolve = change.extend({ resolution: PersonsResolution, note: z.string().max(10_000).default('') })
const note = z.string().max(10_000).default('')
/** POST /api/tickets/:id/wait: promises stand still. `until` belongs to an appointment or a window, and to nothing else. */
export const Wait = change.extend({ waitingFor: WaitingFor, until: z.number().int().nullable().default(null), note })
/** POST /api/tickets/:id/resume and /reopen */
export const Resume = change.extend({ note })
export const Reopen = Resume
/** POST /api/tickets/:id/escalate. What was tried must be said, but for security. `to`: a team; absent: where the reason leads. */
export const Escalate = change.extend({
  reason: HopReason,
  tried: note,
  hypothesis: z.string().max(2_000).default(''),
  to: z.string().max(64).optional(),
})
/** POST /api/tickets/:id/found: of what was there before us, live with these lines, or make a ticket of each. */
export const DecideFound = change.extend({
  lines: z.array(z.string().max(64)).min(1).max(200),
  decision: z.enum(['accept', 'open']),
})
/** POST /api/tickets/:id/security: to the security tier in one step; no form. */
export const CallSecurity = change
/** POST /api/tickets/:id/isolate and /release: a command to the ticket's endpoint. Also the yes to a pending question. */
export const Contain = change.extend({ reason: z.string().min(1).max(500) })
/**
 * POST /api/tickets/:id/release, /api/endpoints/:id/release: undoes an isolation. While the machine waits to be restored
 * (a linked task) it says why it may come back all the same, or that it was a false alarm, which ends the ticket as one too and
 * excepts its program on this machine for a while. Of the customer's own IT it waits for one of the provider to say the same.
 */
export const Release = Contain.extend({
  withoutRestore: z.string().max(2_000).optional(),
  isFalseAlarm: z.boolean().default(false),
  /** On a ticket: the customer's own IT lets it go when they are ready, or has asked to already. */
  withCustomer: z.boolean().default(false),
})
/**
 * POST /api/tickets/:id/false-alarm: releases the machine, lets go on what was halted, excepts its program on this machine for a while,
 * ends the task to restore it, counts against what found it, and ends the ticket, all at once.
 */
export const FalseAlarm = Contain
/** POST /api/tickets/:id/cause: what it comes from. Of the network: somebody goes to this place with this part. */
export const NameCause = change.extend({
  cause: z.enum(['network', 'hardware', 'software', 'person', 'other']),
  place: z.string().max(300).optional(),
  part: z.string().max(300).optional(),
  note,
})
/** POST /api/tickets/:id/children: end all tickets under this one with it, keep them there, or let each stand alone. */
export const Children = change.extend({ act: ChildrenAct, resolution: PersonsResolution.optional(), note })
/** POST /api/tickets/:id/leave: the no to a pending question. */
export const Leave = Contain
