import { v7 as orderedId } from 'uuid'
import { compareSeverity } from '#shared/domain/severity.ts'
import type { Changes, Entry, PutRows, Subject, TicketCase, Trouble, WriteRows } from '../pipeline/changes.ts'
import type { Tx } from '../store/store.ts'
import type { TicketsTable, TimelineTable } from '../store/tables/ticket.ts'

/*
 * Enters: correlate's verdict with the trouble; what the later stages and people decided.
 * Leaves: tickets and their timeline. This is the only writer of both.
 * Promises: the timeline is only appended to (invariant 5) and keeps its order within one instant; a ticket's version
 * rises with every transaction that wrote on it, and not with mere counting, or nobody could act on a noisy one.
 * Meets: a noisy endpoint. Every signal is stored and counted, but only the first ones and round numbers get a line on
 * the timeline, so that ten thousand of them can't bury what people wrote.
 */

/** A ticket as correlate opens it; priority, team and clocks are put on it by the stages that follow. */
export function draftTicket(
  trouble: Trouble,
  subject: Subject,
  from: { id: string; number: number; sourceId: string | null },
  now: number,
): TicketsTable {
  return {
    ...blank,
    id: from.id,
    number: from.number,
    source_id: from.sourceId,
    requester_id: subject.requester?.id ?? null,
    organisation_id: subject.organisation.id,
    site_id: subject.site?.id ?? null,
    endpoint_id: subject.endpoint?.id ?? null,
    fingerprint: trouble.fingerprint,
    kind: trouble.kind,
    severity: trouble.severity,
    title: trouble.summary,
    is_standing: trouble.state === 'raised' ? 1 : 0,
    happened_at: trouble.happenedAt,
    opened_at: now,
    came_at: now,
    last_signal_at: now,
    in_tier_since: now,
  }
}

/** Has every column, because one object that is copied costs a tenth of one that is put together from several. */
const blank: TicketsTable = {
  ...{ id: '', number: 0, source_id: null, requester_id: null, follows_id: null, task: null },
  ...{ organisation_id: '', site_id: null, endpoint_id: null, fingerprint: '', kind: '', severity: 'info', title: '' },
  ...{ status: 'new', resolution: null, impact: 'low', urgency: 'low', priority: 'P4', tier: 'tier1', team: 'tier1', owner_id: null },
  ...{ occurrences: 1, is_standing: 0, containment: 'none', opened_at: 0, last_signal_at: 0, happened_at: null },
  ...{ acknowledged_at: null, touched_at: null, resolved_at: null, in_tier_since: 0 },
  ...{ respond_by: null, resolve_by: null, responded_at: null, waiting_for: null, waiting_since: null, box_by: null },
  ...{ came_at: 0, parent_id: null, gathered_by: null, gathers: null, gathering: null, flips: null, halted: null, problem_id: null },
  ...{ matrix_version: 0, plan_version: 0, rule: '', reasons: '[]', version: 0 },
}

/** @param requester on whose behalf a person of ours opens it. */
export const opened = (trouble: Trouble, actor: string, requester?: string): Changes => ({
  entries: [{ kind: 'opened', actor, body: { ...bodyOf(trouble), ...answersOf(trouble), ...(requester !== undefined && { requester }) } }],
})

/** What a person said to the two questions, which stands nowhere else. */
const answersOf = ({ source, urgency, facts }: Trouble): Record<string, unknown> =>
  source === 'person' ? { urgency, affects: facts.affects } : {}

/** The same trouble again. The headline follows what is worse, and news before what is old. */
export function joined({ ticket }: TicketCase, trouble: Trouble, isWorse: boolean, now: number): Changes {
  const occurrences = ticket.occurrences + 1
  const isNewsNow = bringsNews(ticket, trouble)
  const isStandingAgain = trouble.state === 'raised' && ticket.is_standing === 0
  const isSaid = isWorse || isNewsNow || isStandingAgain || isRoundNumber(occurrences)
  const isHeadline = isNewsNow || (isWorse && (ticket.happened_at !== null || trouble.happenedAt === null))
  const body = { ...bodyOf(trouble), occurrences, ...(isNewsNow && { isNewsNow }) }
  return {
    ticket: { ...again(ticket, trouble, now), ...(isHeadline ? headlineOf(trouble) : {}) },
    entries: isSaid ? [{ kind: 'signal-joined', actor: actorOf(trouble), body }] : [],
  }
}

/** All that this ticket knew was old; now it goes on. */
export const bringsNews = ({ happened_at }: Pick<TicketsTable, 'happened_at'>, { happenedAt }: Trouble): boolean =>
  happened_at !== null && happenedAt === null

/** It came back: a new life with new promises, on the timeline that is there. */
export function reopened({ ticket }: TicketCase, trouble: Trouble, now: number): Changes {
  const body = { ...bodyOf(trouble), endedAt: ticket.resolved_at, endedAs: ticket.resolution }
  return {
    ticket: {
      ...again(ticket, trouble, now),
      ...headlineOf(trouble),
      ...{ severity: trouble.severity, status: 'new', resolution: null, resolved_at: null, owner_id: null },
      ...{ acknowledged_at: null, touched_at: null, responded_at: null, containment: 'none' },
      ...{ came_at: now, parent_id: null, gathered_by: null },
    },
    entries: [{ kind: 'reopened', actor: actorOf(trouble), body }],
  }
}

export const cleared = ({ ticket }: TicketCase, trouble: Trouble): Changes =>
  ticket.is_standing === 0
    ? {}
    : {
        ticket: { is_standing: 0 },
        entries: [
          {
            kind: 'signal-cleared',
            actor: actorOf(trouble),
            body: { signalId: trouble.signalId, summary: trouble.summary, ...ageOf(trouble) },
          },
        ],
      }

/** Agents speak for themselves; the collector speaks as `system`. */
export const actorOf = ({ source }: Trouble): string => (source === 'agent' || source === 'source' ? 'agent' : 'system')

function again(ticket: TicketsTable, trouble: Trouble, now: number): Partial<TicketsTable> {
  return {
    occurrences: ticket.occurrences + 1,
    last_signal_at: now,
    severity: compareSeverity(trouble.severity, ticket.severity) > 0 ? trouble.severity : ticket.severity,
    is_standing: trouble.state === 'raised' ? 1 : ticket.is_standing,
  }
}

function bodyOf(trouble: Trouble): Record<string, unknown> {
  const { signalId, summary, severity, kind } = trouble
  return { signalId, summary, severity, kind, ...ageOf(trouble) }
}

const ageOf = ({ happenedAt, ageMs }: Trouble): { ageMs?: number } => (happenedAt === null ? {} : { ageMs })

const headlineOf = ({ summary, happenedAt }: Trouble) => ({ title: summary, happened_at: happenedAt })

/** 1 to 5, 10, 20, 50, 100, 200, 500, … */
function isRoundNumber(count: number): boolean {
  if (count <= 5) return true
  const power = 10 ** Math.floor(Math.log10(count))
  return [1, 2, 5].some((digit) => count === digit * power)
}

/** What a ticket was opened with stays: no index of it has to be written again. */
const changing = [
  ...(['severity', 'title', 'status', 'resolution', 'impact', 'urgency', 'priority', 'tier', 'team', 'owner_id'] as const),
  ...(['occurrences', 'is_standing', 'containment', 'happened_at', 'last_signal_at', 'acknowledged_at', 'touched_at'] as const),
  ...(['resolved_at', 'in_tier_since', 'respond_by', 'resolve_by', 'responded_at', 'waiting_for', 'waiting_since', 'box_by'] as const),
  ...(['matrix_version', 'plan_version', 'rule', 'reasons', 'flips', 'halted', 'version'] as const),
] as const satisfies (keyof TicketsTable)[]

/** Where a ticket stands among others: an index has these, so they are written only where a line of the timeline says so. */
const placing = ['came_at', 'parent_id', 'gathered_by', 'gathering'] as const satisfies (keyof TicketsTable)[]
const moves: ReadonlySet<Entry['kind']> = new Set(['reopened', 'gathered', 'parted', 'gathers', 'children', 'storm-over'])

/** Writes the cases' tickets with their new entries; returns the version each ticket has now. */
export async function keepTickets(tx: Tx, { putRows, updateRows }: WriteRows, cases: readonly TicketCase[]): Promise<Map<string, number>> {
  const told = cases.map(toldOf)
  const tickets = told.map(({ ticket }) => ticket)
  const [opened, changed] = [true, false].map((isNew) => tickets.filter((_, index) => cases[index]?.isNew === isNew))
  await putRows(tx, 'tickets', opened ?? [], { replaceWhere: ['id'] })
  await updateRows(tx, 'tickets', changed ?? [], { set: changing, by: 'id' })
  const moved = tickets.filter((_, index) => cases[index]?.isNew === false && cases[index]?.entries.some(({ kind }) => moves.has(kind)))
  await updateRows(tx, 'tickets', moved, { set: placing, by: 'id' })
  await keepEntries(
    tx,
    putRows,
    told.flatMap(({ ticket, entries }) => entries.map((entry) => ({ ticketId: ticket.id, entry }))),
  )
  return new Map(tickets.map(({ id, version }) => [id, version]))
}

/** What is written of a case: its lines, and the ticket with the version they make (pure). */
export function toldOf({ ticket, entries: decided }: Pick<TicketCase, 'ticket' | 'entries'>): Pick<TicketCase, 'ticket' | 'entries'> {
  const entries = withoutBlips(decided)
  return { ticket: entries.length > 0 ? { ...ticket, version: ticket.version + 1 } : ticket, entries }
}

/**
 * Without what began and ended, or ended and began again, within one transaction: nobody could have seen it. It is
 * counted, its signals are kept, and the first ones and round numbers are told all the same.
 */
function withoutBlips(entries: readonly Entry[]): readonly Entry[] {
  const told: Entry[] = []
  for (const entry of entries) {
    const last = told.at(-1)
    if (last && isTurn(last) && isTurn(entry) && last.kind !== entry.kind) told.pop()
    else told.push(entry)
  }
  return told
}

/** It says no more than that the condition is true again, or no longer. */
const isTurn = ({ kind, body }: Entry): boolean =>
  kind === 'signal-cleared' || (kind === 'signal-joined' && body.isNewsNow !== true && !isRoundNumber(Number(body.occurrences)))

/** Appends to timelines. Ids stand in one order, so that one instant's entries stay in the order they were decided in. */
export async function keepEntries(tx: Tx, putRows: PutRows, entries: readonly { ticketId: string; entry: Entry }[]): Promise<void> {
  const rows = entries.map(({ ticketId, entry }): TimelineTable => {
    const { at, kind, actor, body } = entry
    return { id: orderedId(), ticket_id: ticketId, at, kind, actor, body: JSON.stringify(body) }
  })
  await putRows(tx, 'timeline', rows, 'ignore')
}
