import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** When it happened, of a ticket that was opened by old news. */
export const lateTickets: Migration = {
  up: async (db) => {
    await sql`alter table tickets add column happened_at bigint`.execute(db)
  },
}
