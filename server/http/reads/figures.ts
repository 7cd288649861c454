import type { TimelineKind } from '#shared/domain/ticket.ts'
import type { LedgerEntry } from '../../escalate/ledger.ts'
import type { View } from '../view.ts'

export interface ToldTicket {
  id: string
  organisationId: string
  timeZone: string
  entries: LedgerEntry[]
}

/** What is counted; the rest of a timeline is for reading. */
const counted: TimelineKind[] = [
  ...(['opened', 'prioritised', 'routed', 'promised', 'acknowledged', 'commented', 'waiting', 'resumed', 'escalated'] as const),
  ...(['promise-kept', 'promise-broken', 'containment-answered', 'resolved', 'reopened', 'gathered', 'parted'] as const),
]
/** Tickets whose timelines are read at once. */
const maxAtOnce = 500

/** Every ticket that was open at some instant of the period, with its timeline up to the end of it. */
export async function readTold(
  view: View,
  { from, to, organisationId }: { from: number; to: number; organisationId?: string | undefined },
): Promise<ToldTicket[]> {
  const tickets = await view
    .tickets()
    .innerJoin('organisations', 'organisations.id', 'tickets.organisation_id')
    .leftJoin('sites', 'sites.id', 'tickets.site_id')
    .select(['tickets.id', 'tickets.organisation_id as organisationId', 'organisations.time_zone', 'sites.time_zone as site_time_zone'])
    .where('tickets.opened_at', '<', to)
    .where(({ eb, or }) => or([eb('tickets.resolved_at', 'is', null), eb('tickets.resolved_at', '>=', from)]))
    .$if(organisationId !== undefined, (some) => some.where('tickets.organisation_id', '=', organisationId ?? ''))
    .orderBy('tickets.number')
    .execute()
  const told: ToldTicket[] = []
  for (let first = 0; first < tickets.length; first += maxAtOnce) {
    const some = tickets.slice(first, first + maxAtOnce)
    const lines = await readLines(
      view,
      some.map(({ id }) => id),
      to,
    )
    for (const { id, organisationId: of, time_zone, site_time_zone } of some)
      told.push({ id, organisationId: of, timeZone: site_time_zone ?? time_zone, entries: lines.get(id) ?? [] })
  }
  return told
}

async function readLines(view: View, ticketIds: string[], to: number): Promise<Map<string, LedgerEntry[]>> {
  const rows = await view
    .timeline()
    .select(['timeline.ticket_id', 'timeline.at', 'timeline.kind', 'timeline.actor', 'timeline.body'])
    .where('timeline.ticket_id', 'in', ticketIds)
    .where('timeline.at', '<', to)
    .where('timeline.kind', 'in', counted)
    .orderBy('timeline.at')
    .orderBy('timeline.id')
    .execute()
  const entries = rows.map((row) => ({ ...row, body: JSON.parse(row.body) as Record<string, unknown> }))
  return Map.groupBy(entries, ({ ticket_id }) => ticket_id)
}
