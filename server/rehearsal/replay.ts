import type { Kysely } from 'kysely'
import type { Priority } from '#shared/domain/priority.ts'
import type { Subject, Trouble } from '../pipeline/changes.ts'
import type { Rules } from '../pipeline/keep.ts'
import { loadSubjects } from '../pipeline/load.ts'
import { columnsOfSignal, type SignalRow, troubleOf } from '../pipeline/world.ts'
import { prioritise } from '../prioritise/prioritise.ts'
import { match } from '../route/match.ts'
import { type Decision, route } from '../route/route.ts'
import type { Database } from '../store/schema.ts'
import type { TicketsTable } from '../store/tables/ticket.ts'

/*
 * Recorded tickets, decided again by other matrices: what opened each, with its machine as it is known now. Only reads.
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
    const [openers, subjects] = await Promise.all([openersOf(reader, tickets), loadSubjects(reader, tickets)])
    for (const ticket of tickets) {
      const subject = subjects.of(ticket)
      if (subject)
        yield { ticket, hostname: subject.endpoint?.hostname ?? null, ways: waysOf(rules, ticket, openers.get(ticket.id), subject) }
    }
  }
}

async function openersOf(reader: Kysely<Database>, tickets: readonly TicketsTable[]): Promise<Map<string, SignalRow>> {
  const rows = await reader
    .selectFrom('signals')
    .select([...columnsOfSignal, 'ticket_id'])
    .where(
      'ticket_id',
      'in',
      tickets.map(({ id }) => id),
    )
    .orderBy('received_at', 'desc')
    .orderBy('id', 'desc')
    .execute()
  return new Map(rows.map((row) => [row.ticket_id ?? '', row]))
}

function waysOf(rules: readonly Rules[], ticket: TicketsTable, opener: SignalRow | undefined, subject: Subject): Way[] {
  return rules.map(({ matrix, circumstancesOf }) => {
    const trouble = opener ? troubleOf(opener, matrix) : requestOf(ticket)
    const rule = match(matrix, trouble, subject)
    const { priority } = prioritise(matrix, rule, trouble, subject, circumstancesOf(subject, ticket.opened_at))
    const { route: name, becomes, team, contain, isPaging } = route(matrix, rule, priority, trouble, subject)
    return { rule: name, becomes, priority, team, contain, isPaging }
  })
}

/** What a person asked for is on its ticket and nowhere else. */
const requestOf = ({ id, kind, severity, fingerprint, title, urgency }: TicketsTable): Trouble => ({
  ...{ signalId: id, kind, severity, state: 'happened', fingerprint, summary: title, facts: {}, ageMs: 0, happenedAt: null },
  ...{ source: 'person', urgency },
})
