import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** What waits for somebody's word about an isolation: a handful among all tickets. */
export const askedTickets: Migration = {
  up: async (db) => {
    await sql.raw("create index tickets_asked on tickets (number) where containment = 'asked' and resolved_at is null").execute(db)
  },
}
