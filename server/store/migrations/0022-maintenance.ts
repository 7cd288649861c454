import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** Maintenance windows, machines that are being updated or started, and the signals that wait for either. */
export const maintenance: Migration = {
  up: async (db) => {
    for (const statement of statements) await sql.raw(statement).execute(db)
  },
}

const statements = [
  `create table maintenance_windows (
    id text primary key, organisation_id text not null, name text not null, scope text not null, scope_value text not null,
    days text not null, at_time text not null, duration_ms bigint not null, time_zone text not null, opens_at bigint not null, closes_at bigint not null,
    created_by text not null, created_at bigint not null, removed_at bigint)`,
  'create index maintenance_windows_to_come on maintenance_windows (opens_at) where removed_at is null',
  `create table settlings (endpoint_id text primary key, why text not null, began_at bigint not null, back_at bigint)`,
  `create table suppressed_signals (
    signal_id text primary key, organisation_id text not null, endpoint_id text, trouble text not null, kind text not null,
    state text not null, suppressed_by text not null, by_id text not null, since bigint not null, until_at bigint, ended_at bigint,
    ended_as text)`,
  'create index suppressed_signals_waiting on suppressed_signals (trouble) where ended_at is null',
  'create index suppressed_signals_due on suppressed_signals (until_at) where ended_at is null',
  'create index suppressed_signals_ended on suppressed_signals (ended_at) where ended_at is not null',
  'create index suppressed_signals_by on suppressed_signals (by_id, since)',
]
