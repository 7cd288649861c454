import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** Tickets under one ticket: what came when, of which kind, where. None of the new indexes is written when a ticket changes. */
export const gathering: Migration = {
  up: async (db) => {
    for (const statement of statements) await sql.raw(statement).execute(db)
  },
}

const statements = [
  'alter table tickets add column came_at bigint not null default 0',
  'update tickets set came_at = opened_at',
  'alter table tickets add column parent_id text',
  'alter table tickets add column gathered_by text',
  'alter table tickets add column gathers text',
  'alter table tickets add column gathering text',
  'create index tickets_of_kind on tickets (kind, came_at, organisation_id, endpoint_id, gathered_by)',
  'create index tickets_of_site on tickets (site_id, kind, came_at) where site_id is not null',
  'create index tickets_of_parent on tickets (parent_id, endpoint_id) where parent_id is not null',
]
