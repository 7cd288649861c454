import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** When conditions that come and go began and ended; machines that are too loud are found by their open tickets. */
export const flapping: Migration = {
  up: async (db) => {
    for (const statement of statements) await sql.raw(statement).execute(db)
  },
}

const statements = [
  'alter table tickets add column flips text',
  'create index tickets_open_of_endpoint on tickets (endpoint_id) where resolved_at is null and endpoint_id is not null',
]
