import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** When a cursor moved last, so that those of epochs that are long over can end. Null: before this was written down. */
export const cursorsByAge: Migration = {
  up: async (db) => {
    await sql`alter table cursors add column moved_at bigint`.execute(db)
  },
}
