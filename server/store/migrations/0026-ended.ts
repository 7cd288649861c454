import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** Who knows a machine is found on what ended; without this every open ticket of the customer was looked at first. */
export const ended: Migration = {
  up: async (db) => {
    await sql
      .raw('create index tickets_ended on tickets (organisation_id, opened_at) where owner_id is not null and resolved_at is not null')
      .execute(db)
  },
}
