import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** The stop button of containment. */
export const stops: Migration = {
  up: async (db) => {
    await sql.raw('alter table organisations add column stopped_until bigint').execute(db)
  },
}
