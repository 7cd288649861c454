import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** Processes that were halted for a ticket: a false alarm lets them go on. */
export const halted: Migration = {
  up: async (db) => {
    await sql.raw('alter table tickets add column halted text').execute(db)
  },
}
