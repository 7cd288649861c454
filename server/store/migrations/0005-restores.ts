import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** What a restored collector has to remember until agents and people have told it what it forgot. */
export const restores: Migration = {
  up: async (db) => {
    for (const statement of statements) await sql.raw(statement).execute(db)
  },
}

const statements = [
  'create table restores (restored_at bigint primary key, made_at bigint not null, program text not null, started_at bigint)',
  'alter table endpoints add column word_awaited_since bigint',
  'alter table api_tokens add column suspended_at bigint',
  'alter table sources add column suspended_at bigint',
  `create table forgotten_endpoints (
    endpoint_id text primary key, serial text not null, not_before bigint not null, not_after bigint not null, hostname text not null,
    platform text, address text not null, first_seen_at bigint not null, last_seen_at bigint not null, adopted_at bigint)`,
]
