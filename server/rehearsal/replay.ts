import type { Kysely } from 'kysely'
import type { Priority } from '#shared/domain/priority.ts'
import type { Rules } from '../pipeline/keep.ts'
import { loadSubjects } from '../pipeline/load.ts'
import { match } from '../route/match.ts'
import { type Decision, route } from '../route/route.ts'
import type { Database } from '../store/schema.ts'
import type { TicketsTable } from '../store/tables/ticket.ts'
import { type Opened, openedBy, openersOf } from './openers.ts'

/*
 * Recorded tickets, decided again by other matrices: what opened each (openers.ts), with its machine as it is known now. Only reads.
 */

/** Where a matrix sends what opened a ticket. */
export interface Way {
  rule: string
  becomes: Decision['becomes']
  priority: Priority
  team: string
  contain: Decision['contain']
  isPaging: boolean
}

export interface Replayed {
  ticket: Pick<TicketsTable, 'id' | 'number' | 'kind' | 'opened_at'>
  hostname: string | null
  ways: Way[]
}

/** So many tickets are read at a time. */
const pageSize = 500

/** By each of these rules, oldest first. A ticket whose organisation or machine is gone is left out. */
export async function* replay(reader: Kysely<Database>, rules: readonly Rules[], since: number): AsyncGenerator<Replayed> {
  let after = 0
  for (;;) {
    const tickets = await reader
      .selectFrom('tickets')
      .selectAll()
      .where('opened_at', '>=', since)
      .where('number', '>', after)
      .orderBy('number')
      .limit(pageSize)
      .execute()
    if (tickets.length === 0) return
    after = tickets.at(-1)?.number ?? after
    const openers = await openersOf(reader, tickets)
    const subjects = await loadSubjects(reader, [...tickets, ...[...openers.over.values()].map(({ row }) => row)])
    for (const ticket of tickets) {
      const [subject, over] = [subjects.of(ticket), openers.over.get(ticket.id)]
      const said = over && subjects.of(over.row)
      if (subject)
        yield {
          ...{ ticket, hostname: subject.endpoint?.hostname ?? null },
          ways: rules.map((each) => wayOf(each, openedBy(each, ticket, openers, subject, said))),
        }
    }
  }
}

function wayOf({ matrix }: Rules, { trouble, subject, priority }: Opened): Way {
  const { route: name, becomes, team, contain, isPaging } = route(matrix, match(matrix, trouble, subject), priority, trouble, subject)
  return { rule: name, becomes, priority, team, contain, isPaging }
}
