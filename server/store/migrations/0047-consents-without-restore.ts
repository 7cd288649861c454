import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** Why a machine may come back unrestored, said with the first of two words: it counts when the second comes. */
export const consentsWithoutRestore: Migration = {
  up: async (db) => {
    await sql.raw('alter table release_consents add column without_restore text').execute(db)
  },
}
