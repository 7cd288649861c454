import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** An organisation's first days; tickets that follow from others; whose own IT has what. */
export const modesAndTasks: Migration = {
  up: async (db) => {
    for (const statement of statements) await sql.raw(statement).execute(db)
  },
}

const statements = [
  'alter table organisations add column mode_since bigint',
  'alter table organisations add column told_observed_at bigint',
  `alter table organisations add column own_it text not null default '[]'`,
  'alter table endpoints add column is_new integer not null default 0',
  'alter table enrolment_tokens add column is_new integer not null default 0',
  `create table found_lines (
    id text primary key, organisation_id text not null, ticket_id text not null, endpoint_id text not null, signal_id text not null,
    fingerprint text not null, kind text not null, severity text not null, summary text not null, at bigint not null, decision text,
    decided_at bigint, decided_by text)`,
  'create unique index found_lines_of_ticket on found_lines (ticket_id, endpoint_id, fingerprint)',
  'alter table tickets add column follows_id text',
  'alter table tickets add column task text',
  'create index tickets_that_follow on tickets (follows_id) where follows_id is not null',
]
