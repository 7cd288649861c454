import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** What other agents of a site say of an isolated machine. */
export const neighbours: Migration = {
  up: async (db) => {
    await sql.raw('alter table isolations add column neighbours text').execute(db)
  },
}
