import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** Who is away is looked for every few seconds, so it has an index; whom a site's silence has sent, and whose list is out. */
export const missing: Migration = {
  up: async (db) => {
    for (const statement of statements) await sql.raw(statement).execute(db)
  },
}

const statements = [
  'create index presences_away on presences (endpoint_id) where is_connected = 0',
  'create index endpoints_of_site on endpoints (site_id)',
  'alter table site_silences add column ordered_at bigint',
  'create table missing_lists (organisation_id text primary key, listed_at bigint not null)',
]
