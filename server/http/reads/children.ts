import type { TicketDetail } from '#shared/api/tickets.ts'
import type { TicketsTable } from '../../store/tables/ticket.ts'
import type { View } from '../view.ts'
import type { Reading } from './tickets.ts'

/** The ticket over one, where the reader sees it, and what is under one. */
export async function parentOf(view: View, { parent_id }: TicketsTable, { headline, now }: Reading): Promise<TicketDetail['parent']> {
  if (parent_id === null) return null
  const row = await view
    .tickets()
    .select(['tickets.id', 'tickets.number', 'tickets.title', 'tickets.happened_at'])
    .where('tickets.id', '=', parent_id)
    .executeTakeFirst()
  return row ? { id: row.id, number: row.number, title: headline(row, now) } : null
}

export async function childrenOf(view: View, id: string): Promise<NonNullable<TicketDetail['children']>> {
  const row = await view
    .tickets()
    .select(({ fn }) => [
      fn.countAll().as('total'),
      fn.countAll().filterWhere('tickets.resolved_at', 'is', null).as('open'),
      fn.count('tickets.endpoint_id').distinct().as('machines'),
      fn.count('tickets.organisation_id').distinct().as('organisations'),
    ])
    .where('tickets.parent_id', '=', id)
    .executeTakeFirstOrThrow()
  const { total, open, machines, organisations } = row
  return { total: Number(total), open: Number(open), machines: Number(machines), organisations: Number(organisations) }
}
