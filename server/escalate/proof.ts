import type { Kysely } from 'kysely'
import type { Database } from '../store/schema.ts'

type From = Kysely<Database>

/** Open tickets on which nothing is due: there are never any. */
export async function ticketsWithoutTimer(from: From, limit: number): Promise<string[]> {
  const rows = await from
    .selectFrom('tickets')
    .select('tickets.id')
    .where('tickets.status', 'in', ['new', 'acknowledged', 'waiting'])
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('timers')
            .select('timers.id')
            .whereRef('timers.ticket_id', '=', 'tickets.id')
            .where('fired_at', 'is', null)
            .where('cancelled_at', 'is', null),
        ),
      ),
    )
    .limit(limit)
    .execute()
  return rows.map(({ id }) => id)
}

/** When the oldest timer was due that should have fired before `before`. */
export async function whenLate(from: From, before: number): Promise<number | undefined> {
  const oldest = await from
    .selectFrom('timers')
    .select('due_at')
    .where('fired_at', 'is', null)
    .where('cancelled_at', 'is', null)
    .where('due_at', '<', before)
    .orderBy('due_at')
    .limit(1)
    .executeTakeFirst()
  return oldest?.due_at
}
