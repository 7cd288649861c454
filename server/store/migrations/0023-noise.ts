import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** What people said is noise, and detectors that were wrong too often. */
export const noise: Migration = {
  up: async (db) => {
    for (const statement of statements) await sql.raw(statement).execute(db)
  },
}

const statements = [
  `create table noise_exceptions (
    id text primary key, organisation_id text not null, scope text not null, scope_value text not null, kind text not null,
    fingerprint text, severity text not null, process_sha256 text, ticket_id text not null, reason text not null,
    created_by text not null, created_at bigint not null, until_at bigint not null, ended_at bigint, ended_by text)`,
  'create index noise_exceptions_in_force on noise_exceptions (until_at) where ended_at is null',
  `create table disarmed_detectors (
    id text primary key, detector text not null, kind text not null, rule text not null, disarmed_at bigint not null, armed_at bigint,
    armed_by text)`,
  "create index tickets_false_alarms on tickets (resolved_at) where resolution = 'false-alarm'",
]
