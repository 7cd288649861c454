import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** What is open of a source, and what it said lately, counted without looking at either. */
export const loudSources: Migration = {
  up: async (db) => {
    for (const statement of statements) await sql.raw(statement).execute(db)
  },
}

const statements = [
  'create index tickets_loud_of_source on tickets (source_id, kind) where resolved_at is null and source_id is not null',
  'create index signals_of_source on signals (source_id, received_at) where source_id is not null',
]
