import type { Kysely } from 'kysely'
import type { Database } from '../store/schema.ts'
import type { TicketsTable } from '../store/tables/ticket.ts'
import type { TicketCase } from './changes.ts'

/** Who has how much, and who knows what, for a round that gives tickets to people. */
export interface Work {
  load: ReadonlyMap<string, number>
  /** Who ended tickets of this machine, else of this customer, the newest first. */
  historyOf(work: TicketCase): string[]
  /** Somebody was given one more. */
  took(personId: string): void
}

/** Far enough back to know who knows a machine. */
const maxRemembered = 500

export const loadWork = (from: Kysely<Database>, needy: readonly TicketCase[]): Promise<Work> =>
  loadWorkOf(
    from,
    needy.map(({ subject }) => subject.organisation.id),
  )

/** @param organisations whose tickets are to be given to somebody. */
export async function loadWorkOf(from: Kysely<Database>, organisations: readonly string[]): Promise<Work> {
  if (organisations.length === 0) return { load: new Map(), historyOf: () => [], took: () => undefined }
  const [load, ended] = await Promise.all([readLoad(from), readEnded(from, organisations)])
  return workOf(load, ended)
}

type Ended = Pick<TicketsTable, 'owner_id' | 'endpoint_id' | 'organisation_id'>

/** The same of tickets in memory, the oldest first. */
export function memoryOf(tickets: readonly TicketsTable[]): Work {
  const load = new Map<string, number>()
  const owned = tickets.filter(({ owner_id }) => owner_id !== null)
  for (const { owner_id, resolved_at } of owned)
    if (owner_id !== null && resolved_at === null) load.set(owner_id, (load.get(owner_id) ?? 0) + 1)
  const ended = owned.filter(({ resolved_at }) => resolved_at !== null).toSorted((a, b) => b.opened_at - a.opened_at)
  return workOf(load, ended.slice(0, maxRemembered))
}

/** @param ended the newest first. */
function workOf(load: Map<string, number>, ended: readonly Ended[]): Work {
  return {
    load,
    historyOf({ subject }) {
      const ofMachine = subject.endpoint ? ended.filter(({ endpoint_id }) => endpoint_id === subject.endpoint?.id) : []
      const known = ofMachine.length > 0 ? ofMachine : ended.filter(({ organisation_id }) => organisation_id === subject.organisation.id)
      return [...new Set(known.flatMap(({ owner_id }) => owner_id ?? []))]
    },
    took: (personId) => void load.set(personId, (load.get(personId) ?? 0) + 1),
  }
}

async function readLoad(from: Kysely<Database>): Promise<Map<string, number>> {
  const rows = await from
    .selectFrom('tickets')
    .select(({ fn }) => ['owner_id', fn.countAll<number>().as('count')])
    .where('owner_id', 'is not', null)
    .where('resolved_at', 'is', null)
    .groupBy('owner_id')
    .execute()
  return new Map(rows.map(({ owner_id, count }) => [owner_id ?? '', Number(count)]))
}

function readEnded(from: Kysely<Database>, organisations: readonly string[]) {
  return from
    .selectFrom('tickets')
    .select(['owner_id', 'endpoint_id', 'organisation_id'])
    .where('organisation_id', 'in', [...new Set(organisations)])
    .where('owner_id', 'is not', null)
    .where('resolved_at', 'is not', null)
    .orderBy('opened_at', 'desc')
    .limit(maxRemembered)
    .execute()
}
