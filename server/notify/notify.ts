import { randomUUIDv7 } from 'node:crypto'
import type { Kysely } from 'kysely'
import type { TimelineKind } from '#shared/domain/ticket.ts'
import type { Entry, PutRows, Subject, TicketCase } from '../changes.ts'
import type { Database } from '../store/schema.ts'
import type { Tx } from '../store/store.ts'
import type { DigestLinesTable, OutboxTable, ReceiversTable } from '../store/tables/notify.ts'

/*
 * Enters: what a transaction wrote on timelines; digest lines that are due.
 * Leaves: outbox rows, written in the ticket's own transaction; outbox.ts delivers them after the commit.
 * Promises: whoever must hear of something hears of it at least once, with a stable id (invariant 4); what is committed
 * is told, what is rolled back never was.
 * Meets: one organisation's news at another's receiver: a receiver hears of its own organisation only, unless it is the provider's.
 */

/** A line on a timeline → the event that the world hears. What isn't here stays on the timeline. */
const events: Partial<Record<TimelineKind, string>> = {
  opened: 'ticket.opened',
  reopened: 'ticket.reopened',
  escalated: 'ticket.escalated',
  'containment-asked': 'ticket.containment-asked',
  'containment-answered': 'ticket.containment-answered',
  'promise-broken': 'ticket.promise-broken',
  'command-held': 'ticket.command-held',
  'command-settled': 'ticket.command-settled',
  reviewed: 'ticket.reviewed',
  reminded: 'ticket.reminded',
  resolved: 'ticket.resolved',
}

export interface Receiver {
  id: string
  /** null: hears of every organisation. */
  organisationId: string | null
}

export interface Notice {
  event: string
  organisationId: string
  ticketId: string | null
  body: Record<string, unknown>
}

/** Whether the world hears anything of this case. */
export const isTold = ({ entries }: TicketCase): boolean => entries.some((entry) => eventOf(entry) !== undefined)

/** What the world hears of this case (pure). A ticket that was raised by what joined it is said too. */
export function noticesOf(work: TicketCase, isPaging: boolean, headline: string): Notice[] {
  const { ticket, subject, entries } = work
  return entries.flatMap((entry) => {
    const event = eventOf(entry)
    if (event === undefined) return []
    const body = {
      ticket: { ...ticketOf(work), title: headline },
      organisation: named(subject.organisation),
      endpoint: subject.endpoint,
      isPaging,
      entry,
    }
    return [{ event, organisationId: subject.organisation.id, ticketId: ticket.id, body }]
  })
}

/** Raised: more pressing than before, or going on after all that was known of it was old. */
const eventOf = ({ kind, body }: Entry): string | undefined =>
  (kind === 'prioritised' && 'from' in body) || (kind === 'signal-joined' && body.isNewsNow === true) ? 'ticket.raised' : events[kind]

const named = ({ id, name }: Subject['organisation']) => ({ id, name })

function ticketOf({ ticket }: TicketCase) {
  const { id, number, kind, severity, status, resolution, priority, tier, team, occurrences, containment } = ticket
  const instants = {
    happenedAt: ticket.happened_at,
    openedAt: ticket.opened_at,
    respondBy: ticket.respond_by,
    resolveBy: ticket.resolve_by,
  }
  const reasons: unknown = JSON.parse(ticket.reasons)
  return { id, number, kind, severity, status, resolution, priority, tier, team, occurrences, containment, ...instants, reasons }
}

/** One row per notice and receiver that may hear of it. */
export async function enqueue(
  tx: Tx,
  putRows: PutRows,
  notices: readonly Notice[],
  receivers: readonly Receiver[],
  now: number,
): Promise<number> {
  const rows = notices.flatMap((notice) => {
    const body = JSON.stringify(notice.body)
    return receivers.filter((receiver) => mayHear(receiver, notice)).map((receiver) => rowOf(notice, body, receiver.id, now))
  })
  await putRows(tx, 'outbox', rows, 'ignore')
  return rows.length
}

const mayHear = (receiver: Receiver, notice: Notice): boolean =>
  receiver.organisationId === null || receiver.organisationId === notice.organisationId

const rowOf = ({ event, organisationId, ticketId }: Notice, body: string, receiverId: string, now: number): OutboxTable => ({
  ...{ id: randomUUIDv7(), receiver_id: receiverId, ticket_id: ticketId, organisation_id: organisationId, event, body, created_at: now },
  ...{ attempts: 0, next_attempt_at: now, delivered_at: null, failed_at: null, last_error: null },
})

export async function loadReceivers(from: Kysely<Database>): Promise<Receiver[]> {
  const rows = await from
    .selectFrom('receivers')
    .select(['id', 'organisation_id as organisationId'])
    .where('disabled_at', 'is', null)
    .execute()
  return rows satisfies Pick<ReceiversTable, 'id'>[]
}

export interface DigestLine {
  organisationId: string
  endpointId: string | null
  team: string
  signalId: string
  summary: string
}

export async function keepDigestLines(tx: Tx, putRows: PutRows, lines: readonly DigestLine[], now: number): Promise<void> {
  const rows = lines.map(
    ({ organisationId, endpointId, team, signalId, summary }): DigestLinesTable => ({
      ...{ id: randomUUIDv7(), organisation_id: organisationId, endpoint_id: endpointId, team },
      ...{ signal_id: signalId, summary, at: now, sent_at: null },
    }),
  )
  await putRows(tx, 'digest_lines', rows, 'ignore')
}

/** More lines than anybody reads; the rest is counted. */
const maxLinesPerDigest = 200

/** The day's lines of one organisation: one notice per team. Marks them in the same transaction. */
export async function takeDigest(tx: Tx, organisationId: string, now: number): Promise<Notice[]> {
  const lines = await tx
    .updateTable('digest_lines')
    .set({ sent_at: now })
    .where('organisation_id', '=', organisationId)
    .where('sent_at', 'is', null)
    .returning(['team', 'summary', 'at', 'endpoint_id as endpointId'])
    .execute()
  return [...Map.groupBy(lines, ({ team }) => team)].map(([team, ofTeam]) => {
    const sorted = ofTeam.toSorted((a, b) => a.at - b.at)
    const body = {
      team,
      count: sorted.length,
      lines: sorted.slice(0, maxLinesPerDigest).map(({ summary, at, endpointId }) => ({ summary, at, endpointId })),
    }
    return { event: 'digest', organisationId, ticketId: null, body }
  })
}
