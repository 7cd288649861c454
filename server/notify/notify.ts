import type { Kysely } from 'kysely'
import { v7 as orderedId } from 'uuid'
import { asCustomersSee } from '#shared/domain/internal.ts'
import type { TimelineKind } from '#shared/domain/ticket.ts'
import { minutes } from '#shared/domain/time.ts'
import type { Entry, PutRows, Subject, TicketCase } from '../pipeline/changes.ts'
import type { Database } from '../store/schema.ts'
import type { Tx } from '../store/store.ts'
import type { Audience, OutboxTable } from '../store/tables/notify.ts'

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
  acknowledged: 'ticket.acknowledged',
  escalated: 'ticket.escalated',
  'containment-asked': 'ticket.containment-asked',
  'containment-answered': 'ticket.containment-answered',
  'promise-broken': 'ticket.promise-broken',
  'command-held': 'ticket.command-held',
  'command-settled': 'ticket.command-settled',
  reviewed: 'ticket.reviewed',
  parted: 'ticket.parted',
  'storm-over': 'ticket.storm-over',
  reminded: 'ticket.reminded',
  resolved: 'ticket.resolved',
}

export interface Receiver {
  id: string
  /** null: hears of every organisation. */
  organisationId: string | null
  audience: Audience
  /** Hears of this team's tickets only. */
  team: string | null
}

export interface Notice {
  event: string
  organisationId: string
  ticketId: string | null
  /** Whose ticket it is. */
  team?: string
  /** Of several organisations: only the provider's own receivers hear of it. */
  isProviders?: boolean
  /** A customer hears of it a little later: it may turn out to be one of many. */
  maySettle?: boolean
  /** A customer's named contacts hear of it: P1 and isolations. */
  isForContacts?: boolean
  body: Record<string, unknown>
}

/** Whether the world hears anything of this case. */
export const isTold = (work: TicketCase): boolean => work.entries.some((entry) => toldOf(work, entry) !== undefined)

/** How a case looks to people: what pages, what it is called, who has it. */
export interface Look {
  isPaging: boolean
  headline: string
  /** The owner's name, where it is known here. */
  owner?: string | undefined
}

/** What the world hears of this case (pure). A ticket that was raised by what joined it is said too. */
export function noticesOf(work: TicketCase, look: Look): Notice[] {
  const { ticket, subject, entries } = work
  return entries.flatMap((entry) => {
    const event = toldOf(work, entry)
    if (event === undefined) return []
    const about = {
      ...{ organisationId: subject.organisation.id, ticketId: ticket.id, team: ticket.team },
      isProviders: ticket.gathers === 'storm',
      maySettle: ticket.endpoint_id !== null && event !== 'ticket.command-settled',
    }
    return [{ event, ...about, isForContacts: isForContacts(work, entry), body: bodyOf(work, look, entry) }]
  })
}

export const bodyOf = (work: TicketCase, { isPaging, headline, owner }: Look, entry: Entry | undefined): Record<string, unknown> => ({
  ticket: { ...ticketOf(work), title: headline, ...(owner !== undefined && { owner }) },
  organisation: named(work.subject.organisation),
  endpoint: work.subject.endpoint,
  isPaging,
  ...(entry && { entry }),
})

/** One person who is told of one ticket, by their first way. */
export interface Call {
  work: TicketCase
  look: Look
  person: { id: string; name: string }
  receiverId: string
  /** ticket.page, ticket.assigned, … */
  event: string
  /** Accepted in time, or it goes by their next way. */
  isPage: boolean
  entry?: Entry
}

/** How long a notifier may take to accept a page before it goes by the person's next way (defaults §5). */
export const acceptWithinMs = minutes(1)

export async function enqueueCalls(tx: Tx, putRows: PutRows, calls: readonly Call[], now: number): Promise<void> {
  const rows = calls.map(({ work, look, person, receiverId, event, isPage, entry }) => {
    // Whoever is called may be of the customer's own IT; ours read the rest on the ticket.
    const body = JSON.stringify({ ...forCustomers(bodyOf(work, look, entry)), to: person.name })
    const about = { event, organisationId: work.subject.organisation.id, ticketId: work.ticket.id }
    return { ...rowOf(about, body, receiverId, now), pass_on_at: isPage ? now + acceptWithinMs : null }
  })
  await putRows(tx, 'outbox', rows, 'ignore')
}

/** Somebody has it: whoever still waits to be paged for it sleeps on. */
export async function endPages(tx: Tx, ticketIds: readonly string[], now: number): Promise<void> {
  if (ticketIds.length === 0) return
  await tx
    .updateTable('outbox')
    .set({ failed_at: now, last_error: 'somebody has it' })
    .where('ticket_id', 'in', ticketIds)
    .where('pass_on_at', 'is not', null)
    .where('delivered_at', 'is', null)
    .where('failed_at', 'is', null)
    .execute()
}

/** By what each of these people is reached first. Whoever has no way isn't here. */
export async function loadFirstWays(from: Kysely<Database>, personIds: readonly string[]): Promise<Map<string, string>> {
  if (personIds.length === 0) return new Map()
  const rows = await from
    .selectFrom('receivers')
    .select(['id', 'person_id'])
    .where('person_id', 'in', personIds)
    .where('disabled_at', 'is', null)
    .orderBy('rank', 'desc')
    .orderBy('id', 'desc')
    .execute()
  // The last one written wins: the first way.
  return new Map(rows.flatMap(({ id, person_id }) => (person_id === null ? [] : [[person_id, id]])))
}

/** So long ago that the next page may begin at the front of the line again. */
const sameRoundMs = minutes(10)

/** Who was paged for this ticket in this round. */
export async function pagedFor(from: Kysely<Database>, ticketId: string, now: number): Promise<Set<string>> {
  const rows = await from
    .selectFrom('outbox')
    .innerJoin('receivers', 'receivers.id', 'outbox.receiver_id')
    .select('receivers.person_id')
    .where('outbox.ticket_id', '=', ticketId)
    .where('outbox.pass_on_at', 'is not', null)
    .where('outbox.created_at', '>', now - sameRoundMs)
    .execute()
  return new Set(rows.flatMap(({ person_id }) => person_id ?? []))
}

/** The same page to somebody else. */
export async function passToPerson(tx: Tx, row: OutboxTable, to: { name: string; receiverId: string }, now: number): Promise<void> {
  const body = JSON.stringify({ ...(JSON.parse(row.body) as Record<string, unknown>), to: to.name })
  const about = { event: row.event, organisationId: row.organisation_id ?? '', ticketId: row.ticket_id }
  await tx
    .insertInto('outbox')
    .values({ ...rowOf(about, body, to.receiverId, now), pass_on_at: now + acceptWithinMs })
    .execute()
}

/** Whether anybody could be told anything at all. */
export async function hasReceivers(from: Kysely<Database>): Promise<boolean> {
  const ours = from.selectFrom('receivers').select('id').where('disabled_at', 'is', null).where('audience', '!=', 'requester')
  return (await ours.limit(1).executeTakeFirst()) !== undefined
}

/**
 * A customer hears by itself of what is a P1, and of each isolation; a machine's ticket tells nobody there otherwise.
 * While the organisation observes, it hears of nothing.
 */
const isForContacts = ({ ticket, subject }: TicketCase, { kind, body }: Entry): boolean =>
  subject.organisation.mode === 'live' &&
  !ticket.kind.startsWith('system.') &&
  ((ticket.priority === 'P1' && (forContacts.has(kind) || (kind === 'promise-broken' && body.tell === 'everybody'))) ||
    (kind === 'command-settled' && body.outcome === 'succeeded' && isIsolation(body)) ||
    isProvenLater({ kind, body }))
const isIsolation = ({ verb }: Entry['body']): boolean => verb === 'isolate-host' || verb === 'release-host'
const forContacts: ReadonlySet<TimelineKind> = new Set(['opened', 'reopened', 'prioritised', 'resolved'])

/** Of a ticket under another only what was done to its machine is told. That a customer was told is no news for our own people. */
const toldOf = ({ ticket }: TicketCase, entry: Entry): string | undefined =>
  (ticket.parent_id !== null && !entry.kind.startsWith('command-')) || entry.body.what === 'word' ? undefined : eventOf(entry)

/** Raised: more pressing than before, or going on after all that was known of it was old. What is proven late is told as if at once. */
function eventOf({ kind, body }: Entry): string | undefined {
  if ((kind === 'prioritised' && 'from' in body) || (kind === 'signal-joined' && body.isNewsNow === true)) return 'ticket.raised'
  return isProvenLater({ kind, body }) ? events['command-settled'] : events[kind]
}

/** The answer to the order could prove nothing yet. */
const isProvenLater = ({ kind, body }: Pick<Entry, 'kind' | 'body'>): boolean =>
  kind === 'isolation-changed' && body.isProvenAtLast === true

const named = ({ id, name, timeZone, language }: Subject['organisation']) => ({ id, name, timeZone, language })

function ticketOf({ ticket }: TicketCase) {
  const { id, number, kind, severity, status, resolution, priority, tier, team, occurrences, containment } = ticket
  const instants = {
    happenedAt: ticket.happened_at,
    openedAt: ticket.opened_at,
    respondBy: ticket.respond_by,
    resolveBy: ticket.resolve_by,
    respondedAt: ticket.responded_at,
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
  customersHearAfter = 0,
): Promise<number> {
  const rows = notices.flatMap((notice) => {
    const [ours, theirs] = [JSON.stringify(notice.body), JSON.stringify(forCustomers(notice.body))]
    const hearing = receivers.filter((receiver) => mayHear(receiver, notice))
    return hearing.map(({ id, organisationId, audience }) => {
      const row = rowOf(notice, organisationId === null ? ours : theirs, id, now)
      return notice.maySettle && audience === 'contact' ? { ...row, next_attempt_at: now + customersHearAfter } : row
    })
  })
  await putRows(tx, 'outbox', rows, 'ignore')
  return rows.length
}

/** Of an organisation's own receivers nobody hears what we say among ourselves. */
function forCustomers(body: Notice['body']): Notice['body'] {
  const { entry, ...about } = body
  if (!isLine(entry)) return body
  const shown = asCustomersSee(entry)
  return shown ? { ...about, entry: shown } : about
}
const isLine = (entry: unknown): entry is { body: Record<string, unknown> } =>
  typeof entry === 'object' && entry !== null && 'body' in entry && typeof entry.body === 'object' && entry.body !== null

const mayHear = (receiver: Receiver, notice: Notice): boolean =>
  (receiver.organisationId === null || (receiver.organisationId === notice.organisationId && notice.isProviders !== true)) &&
  (receiver.team === null || receiver.team === notice.team) &&
  (receiver.audience === 'everybody' || notice.isForContacts === true)

export const rowOf = (
  { event, organisationId, ticketId }: Pick<Notice, 'event' | 'organisationId' | 'ticketId'>,
  body: string,
  receiverId: string,
  now: number,
): OutboxTable => ({
  ...{ id: orderedId(), receiver_id: receiverId, ticket_id: ticketId, organisation_id: organisationId, event, body, created_at: now },
  ...{ pass_on_at: null, attempts: 0, next_attempt_at: now, delivered_at: null, failed_at: null, last_error: null },
})

export async function loadReceivers(from: Kysely<Database>): Promise<Receiver[]> {
  const rows = await from
    .selectFrom('receivers')
    .select(['id', 'organisation_id as organisationId', 'audience', 'team'])
    .where('disabled_at', 'is', null)
    // They are called by name, each for what concerns them.
    .where('audience', 'in', ['everybody', 'contact'])
    .where('notifier', '!=', 'heartbeat')
    .execute()
  return rows
}
