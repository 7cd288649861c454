import type { TicketDetail } from '#shared/api/tickets.ts'
import type { View } from '../view.ts'

/** More is decided in several goes. */
const maxLines = 500

/** Oldest first; whether it is true now is what ingest has heard. */
export async function readFound(view: View, ticketId: string): Promise<TicketDetail['found']> {
  const rows = await view
    .foundLines()
    .innerJoin('endpoints', 'endpoints.id', 'found_lines.endpoint_id')
    .leftJoin('conditions', (join) =>
      join.onRef('conditions.endpoint_id', '=', 'found_lines.endpoint_id').onRef('conditions.fingerprint', '=', 'found_lines.fingerprint'),
    )
    .selectAll('found_lines')
    .select(['endpoints.hostname', 'conditions.fingerprint as standing'])
    .where('found_lines.ticket_id', '=', ticketId)
    .orderBy('found_lines.at')
    .orderBy('found_lines.id')
    .limit(maxLines)
    .execute()
  return rows.map(({ id, at, endpoint_id, hostname, kind, severity, summary, standing, decision }) => ({
    ...{ id, at, endpoint: { id: endpoint_id, hostname }, kind, severity, summary, isStanding: standing !== null, decision },
  }))
}
