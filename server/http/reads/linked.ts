import type { TicketDetail } from '#shared/api/tickets.ts'
import type { TicketsTable } from '../../store/tables/ticket.ts'
import type { View } from '../view.ts'

/** The ticket that this one follows from, and those that follow from it, oldest first. */
export async function readLinked(
  view: View,
  { id, follows_id }: Pick<TicketsTable, 'id' | 'follows_id'>,
): Promise<Pick<TicketDetail, 'follows' | 'tasks'>> {
  const rows = await view
    .tickets()
    .select(['id', 'number', 'title', 'status', 'resolution', 'team', 'task', 'follows_id'])
    .where(({ eb, or }) => or([eb('follows_id', '=', id), ...(follows_id === null ? [] : [eb('id', '=', follows_id)])]))
    .orderBy('number')
    .limit(100)
    .execute()
  const linked = rows.map(({ follows_id: _, ...row }) => row)
  return { follows: linked.find((row) => row.id === follows_id) ?? null, tasks: linked.filter((row) => row.id !== follows_id) }
}
