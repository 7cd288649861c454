import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** What presence has said, so that a restart neither says it again nor forgets to take it back. */
export const silences: Migration = {
  up: async (db) => {
    for (const statement of statements) await sql.raw(statement).execute(db)
  },
}

const statements = [
  'create table silences (endpoint_id text primary key, said text not null, said_at bigint not null, site_id text)',
  `create table site_silences (
    site_id text primary key, organisation_id text not null, said_at bigint not null, machines integer not null)`,
]
