import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** What a ticket waits for, since when, and when its time-box would have been over. */
export const waiting: Migration = {
  up: async (db) => {
    for (const column of ['waiting_for text', 'waiting_since bigint', 'box_by bigint'])
      await sql.raw(`alter table tickets add column ${column}`).execute(db)
  },
}
