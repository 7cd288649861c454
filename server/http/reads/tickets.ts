import { type Selectable, sql } from 'kysely'
import type { z } from 'zod'
import type { DueKind, TicketDetail, TicketQuery, TicketSummary, TimelineEntry } from '#shared/api/tickets.ts'
import { asCustomersSee } from '#shared/domain/internal.ts'
import { TicketAction, transition } from '#shared/domain/ticket.ts'
import type { TimerKind } from '../../store/tables/escalate.ts'
import type { SignalsTable } from '../../store/tables/ingest.ts'
import type { TicketsTable, TimelineTable } from '../../store/tables/ticket.ts'
import type { View } from '../view.ts'
import { childrenOf, parentOf } from './children.ts'
import { readFound } from './found-lines.ts'
import { isolationsOf, releaseAgreedOn } from './isolation.ts'
import { readLinked } from './linked.ts'

/** Texts for people, which one place of the ticket stage makes. */
export interface Words {
  /** What stands on a timeline, as one sentence. */
  sentence(entry: Pick<TimelineEntry, 'kind' | 'body'>): string
  /** A ticket's title with all that belongs to it at `now`. */
  headline(ticket: Pick<TicketsTable, 'title' | 'happened_at'>, now: number): string
}

/** The same, read at one instant. */
export interface Reading extends Words {
  now: number
  comesAndGoes(ticket: Pick<TicketsTable, 'flips'>, now: number): boolean
}

/** A ticket that gathers more is one with a storm; its oldest entries are still in the store. */
const maxTimeline = 1_000
const maxSignals = 50

export async function listTickets(
  view: View,
  query: z.output<typeof TicketQuery>,
  reading: Reading,
): Promise<{ tickets: TicketSummary[]; total: number }> {
  const { total } = await matching(view, query)
    .select((count) => count.fn.countAll<number>().as('total'))
    .executeTakeFirstOrThrow()
  const rows = await inOrder(summaryRows(matching(view, query)), query.status)
    .limit(query.limit)
    .execute()
  return { tickets: await summaries(view, rows, reading), total: Number(total) }
}

/** All but what the reader may do, which depends on who they are. */
export async function readTicket(view: View, id: string, reading: Reading): Promise<Omit<TicketDetail, 'may'> | undefined> {
  const row = await summaryRows(view.tickets()).where('tickets.id', '=', id).executeTakeFirst()
  if (!row) return undefined
  const [[summary], requester, found, linked, timeline, signals, heldCommands, parent, children, isolationOf, releaseAgreed] =
    await Promise.all([
      summaries(view, [row], reading),
      requesterOf(view, row.requester_id),
      readFound(view, id),
      readLinked(view, row),
      timelineOf(view, id, reading),
      signalsOf(view, id),
      heldOn(view, id),
      parentOf(view, row, reading),
      row.gathers === null ? null : childrenOf(view, id),
      isolationsOf(view, row.endpoint_id === null ? [] : [row.endpoint_id]),
      row.endpoint_id === null ? [] : releaseAgreedOn(view, row.endpoint_id),
    ])
  if (!summary) return undefined
  return {
    ...summary,
    impact: row.impact,
    urgency: row.urgency,
    rule: row.rule,
    matrixVersion: row.matrix_version,
    reasons: JSON.parse(row.reasons) as string[],
    requester,
    found,
    ...linked,
    timeline,
    signals,
    heldCommands,
    parent,
    children,
    isolation: row.endpoint_id === null ? null : isolationOf(row.endpoint_id),
    releaseAgreed,
    legalActions: TicketAction.options.filter((action) => transition(row.status, action).kind === 'moved'),
  }
}

type Tickets = ReturnType<View['tickets']>

function matching(view: View, { status, tier, organisationId, endpointId, parentId }: z.output<typeof TicketQuery>): Tickets {
  return view
    .tickets()
    .$if(status === 'open', (tickets) => tickets.where('tickets.status', '!=', 'resolved'))
    .$if(status === 'resolved', (tickets) => tickets.where('tickets.status', '=', 'resolved'))
    .$if(tier !== undefined, (tickets) => tickets.where('tickets.tier', '=', tier ?? 'tier1'))
    .$if(organisationId !== undefined, (tickets) => tickets.where('tickets.organisation_id', '=', organisationId ?? ''))
    .$if(endpointId !== undefined, (tickets) => tickets.where('tickets.endpoint_id', '=', endpointId ?? ''))
    .$if(parentId !== undefined, (tickets) => tickets.where('tickets.parent_id', '=', parentId ?? ''))
    .$if(status === 'open' && endpointId === undefined && parentId === undefined, (tickets) =>
      // A reader who doesn't see the one over it sees it by itself.
      tickets.where(({ or, eb, not, exists }) => or([eb('tickets.parent_id', 'is', null), not(exists(view.over()))])),
    )
}

function summaryRows(tickets: Tickets) {
  return tickets
    .innerJoin('organisations', 'organisations.id', 'tickets.organisation_id')
    .leftJoin('sites', 'sites.id', 'tickets.site_id')
    .leftJoin('endpoints', 'endpoints.id', 'tickets.endpoint_id')
    .leftJoin('people', 'people.id', 'tickets.owner_id')
    .selectAll('tickets')
    .select(['organisations.name as organisation_name', 'sites.name as site_name', 'endpoints.hostname', 'people.name as owner_name'])
}
type SummaryRows = ReturnType<typeof summaryRows>
type SummaryRow = Awaited<ReturnType<SummaryRows['execute']>>[number]

/** What is owed next: an answer, until there is one; then the end. */
const nextPromise = sql`case when tickets.responded_at is null and tickets.respond_by is not null then tickets.respond_by else tickets.resolve_by end`

function inOrder(rows: SummaryRows, status: 'open' | 'resolved' | 'all'): SummaryRows {
  if (status !== 'open') return rows.orderBy('tickets.opened_at', 'desc').orderBy('tickets.id')
  return rows
    .orderBy(nextPromise, (order) => order.asc().nullsLast())
    .orderBy('tickets.priority')
    .orderBy('tickets.opened_at')
}

async function summaries(view: View, rows: SummaryRow[], { headline, comesAndGoes, now }: Reading): Promise<TicketSummary[]> {
  const nextDue = await nextDues(
    view,
    rows.map(({ id }) => id),
  )
  return rows.map((row) => ({
    id: row.id,
    number: row.number,
    organisation: { id: row.organisation_id, name: row.organisation_name },
    site: named(row.site_id, row.site_name),
    endpoint: row.endpoint_id === null ? null : { id: row.endpoint_id, hostname: row.hostname ?? '' },
    kind: row.kind,
    severity: row.severity,
    title: headline(row, now),
    status: row.status,
    resolution: row.resolution,
    priority: row.priority,
    tier: row.tier,
    team: row.team,
    owner: named(row.owner_id, row.owner_name),
    occurrences: row.occurrences,
    isStanding: row.is_standing === 1,
    isFlapping: row.status !== 'resolved' && comesAndGoes(row, now),
    recurs: row.problem_id !== null,
    containment: row.containment,
    waitingFor: row.waiting_for,
    waitingSince: row.waiting_since,
    openedAt: row.opened_at,
    happenedAt: row.happened_at,
    lastSignalAt: row.last_signal_at,
    acknowledgedAt: row.acknowledged_at,
    respondedAt: row.responded_at,
    resolvedAt: row.resolved_at,
    respondBy: row.respond_by,
    resolveBy: row.resolve_by,
    nextDue: nextDue.get(row.id) ?? null,
    gathers: row.gathers,
    gathering: row.gathering,
    gatheredBy: row.parent_id === null ? null : row.gathered_by,
    version: row.version,
  }))
}

const named = (id: string | null, name: string | null) => (id === null ? null : { id, name: name ?? '' })

/** Timers that people see; the others are the collector's own affair. */
const dueKinds: Partial<Record<TimerKind, z.infer<typeof DueKind>>> = {
  'respond-due': 'respond',
  'resolve-due': 'resolve',
  'time-box': 'time-box',
  'ask-due': 'ask',
  review: 'review',
  'wait-due': 'waiting',
}

async function nextDues(view: View, ticketIds: string[]): Promise<Map<string, NonNullable<TicketSummary['nextDue']>>> {
  const first = new Map<string, NonNullable<TicketSummary['nextDue']>>()
  if (ticketIds.length === 0) return first
  const timers = await view
    .timers()
    .select(['timers.ticket_id', 'timers.kind', 'timers.due_at'])
    .where('timers.ticket_id', 'in', ticketIds)
    .where('timers.fired_at', 'is', null)
    .where('timers.cancelled_at', 'is', null)
    .orderBy('timers.due_at')
    .execute()
  for (const { ticket_id, kind, due_at } of timers) {
    const due = dueKinds[kind]
    if (ticket_id !== null && due && !first.has(ticket_id)) first.set(ticket_id, { kind: due, at: due_at })
  }
  return first
}

async function timelineOf(view: View, ticketId: string, { sentence }: Words): Promise<TimelineEntry[]> {
  const newest = await view
    .timeline()
    .selectAll('timeline')
    .where('timeline.ticket_id', '=', ticketId)
    .orderBy('timeline.at', 'desc')
    .orderBy('timeline.id', 'desc')
    .limit(maxTimeline)
    .execute()
  const names = await view.namesOf([...new Set(newest.map(({ actor }) => actor))])
  return newest
    .reverse()
    .flatMap((row) => seen(view, { ...row, body: JSON.parse(row.body) as Body }).map((line) => entryOf(line, names, sentence)))
}

/** All of it, oldest first, as the ledger counts it. */
export async function wholeTimeline(view: View, ticketId: string) {
  const rows = await view
    .timeline()
    .select(['timeline.at', 'timeline.kind', 'timeline.actor', 'timeline.body'])
    .where('timeline.ticket_id', '=', ticketId)
    .orderBy('timeline.at')
    .orderBy('timeline.id')
    .execute()
  return rows.flatMap((row) => seen(view, { ...row, body: JSON.parse(row.body) as Body }))
}

type Body = Record<string, unknown>

/** Of a customer's own lines only what they may see. */
function seen<Line extends { body: Body }>({ scope }: View, line: Line): Line[] {
  const shown = scope === 'all' ? line : asCustomersSee(line)
  return shown ? [shown] : []
}

function entryOf(
  { id, at, kind, actor, body }: Omit<TimelineTable, 'body'> & { body: Body },
  names: Map<string, string>,
  sentence: Words['sentence'],
): TimelineEntry {
  return { id, at, kind, actor: actorName(actor, names), text: sentence({ kind, body }), body }
}

/** Of `system`, `agent` or a person's id. */
export function actorName(actor: string, names: Map<string, string>): string {
  if (actor === 'system') return 'Tierline'
  return names.get(actor) ?? (actor === 'agent' ? 'agent' : 'somebody')
}

async function requesterOf(view: View, id: string | null): Promise<TicketDetail['requester']> {
  if (id === null) return null
  const row = await view.requesters().select(['id', 'name', 'mail', 'is_vip']).where('id', '=', id).executeTakeFirst()
  return row ? { id: row.id, name: row.name, mail: row.mail, isVip: row.is_vip === 1 } : null
}

async function heldOn(view: View, ticketId: string): Promise<TicketDetail['heldCommands']> {
  const held = view.commands().selectAll('commands').where('commands.ticket_id', '=', ticketId).where('commands.status', '=', 'held')
  const rows = await held.orderBy('commands.requested_at').execute()
  const names = await view.namesOf([...new Set(rows.map(({ requested_by }) => requested_by))])
  return rows.map(({ id, verb, requested_by, reason, requested_at }) => ({
    ...{ id, verb, reason, requestedBy: actorName(requested_by, names), requestedAt: requested_at },
  }))
}

async function signalsOf(view: View, ticketId: string): Promise<TicketDetail['signals']> {
  const rows = await view
    .signals()
    .selectAll('signals')
    .where('signals.ticket_id', '=', ticketId)
    .orderBy('signals.received_at', 'desc')
    .orderBy('signals.id', 'desc')
    .limit(maxSignals)
    .execute()
  return rows.map(signalOf)
}

function signalOf(row: Selectable<SignalsTable>): TicketDetail['signals'][number] {
  return {
    id: row.id,
    kind: row.kind,
    severity: row.severity,
    state: row.state,
    fingerprint: row.fingerprint,
    about: row.about,
    summary: row.summary,
    facts: JSON.parse(row.facts) as TicketDetail['signals'][number]['facts'],
    evidence: JSON.parse(row.evidence) as TicketDetail['signals'][number]['evidence'],
    sensedAt: row.sensed_at,
    detector: row.detector,
    receivedAt: row.received_at,
  }
}
