import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** What is open on a machine, counted without looking at its tickets. */
export const loudness: Migration = {
  up: async (db) => {
    for (const statement of statements) await sql.raw(statement).execute(db)
  },
}

const statements = [
  'drop index tickets_open_of_endpoint',
  'create index tickets_loud on tickets (endpoint_id, kind) where resolved_at is null and endpoint_id is not null',
]
