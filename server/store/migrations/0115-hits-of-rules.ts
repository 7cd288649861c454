import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** What is counted of rules each day, without looking through all signals. */
export const hitsOfRules: Migration = {
  up: async (db) => {
    await sql.raw("create index signals_of_rules on signals (received_at) where substr(kind, 1, 15) = 'security.sigma.'").execute(db)
  },
}
