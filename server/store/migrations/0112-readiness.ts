import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** Whether a machine could be isolated, as its inventory said last, beside that inventory, which is large. What came before says it at its next hello. */
export const readiness: Migration = {
  up: async (db) => {
    await sql.raw('alter table inventories add column readiness text').execute(db)
  },
}
