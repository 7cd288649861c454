import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** One order over many machines: the order with its stages, and in which place each machine has its turn. */
export const bulk: Migration = {
  up: async (db) => {
    const statements = [
      `create table bulks (id text primary key, organisation_id text not null, verb text not null, args text not null, risk text not null,
       status text not null, requested_by text not null, reason text not null, requested_at bigint not null, expires_at bigint not null,
       sizes text not null, fail_percent integer not null, wait_ms bigint not null, stage integer not null, stage_begun_at bigint,
       judged_from bigint, note text not null, jws text, payload text, signatures text, settled_at bigint)`,
      "create index bulks_open on bulks (status) where status in ('requested', 'unsigned', 'running', 'stopped')",
      'create index bulks_of_organisation on bulks (organisation_id, requested_at)',
      `create table bulk_targets (bulk_id text not null, place integer not null, endpoint_id text not null, primary key (bulk_id, place))`,
      'create unique index bulk_targets_by_endpoint on bulk_targets (bulk_id, endpoint_id)',
      'alter table commands add column bulk_id text',
      'create unique index commands_of_bulk on commands (bulk_id, endpoint_id) where bulk_id is not null',
    ]
    for (const statement of statements) await sql.raw(statement).execute(db)
  },
}
