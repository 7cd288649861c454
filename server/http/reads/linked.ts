import type { TicketDetail } from '#shared/api/tickets.ts'
import type { TicketsTable } from '../../store/tables/ticket.ts'
import type { View } from '../view.ts'

const columns = ['id', 'number', 'title', 'status', 'resolution', 'team', 'task'] as const

/** The ticket that this one follows from and those that follow from it, oldest first; the problem behind it, and the incidents of one. */
export async function readLinked(
  view: View,
  { id, follows_id, problem_id }: Pick<TicketsTable, 'id' | 'follows_id' | 'problem_id'>,
): Promise<Pick<TicketDetail, 'follows' | 'tasks' | 'problem' | 'incidents'>> {
  const linked = view.tickets().select([...columns])
  const [follows, tasks, problem, incidents] = await Promise.all([
    follows_id === null ? undefined : linked.where('id', '=', follows_id).executeTakeFirst(),
    linked.where('follows_id', '=', id).orderBy('number').limit(100).execute(),
    problem_id === null ? undefined : linked.where('id', '=', problem_id).executeTakeFirst(),
    linked.where('problem_id', '=', id).orderBy('number', 'desc').limit(100).execute(),
  ])
  return { follows: named(follows), tasks, problem: named(problem), incidents }
}

const named = <Row>(row: Row | undefined): Row | null => row ?? null
