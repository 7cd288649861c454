import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** Who works when, who is on call, who is away. */
export const rosters: Migration = {
  up: async (db) => {
    for (const statement of statements) await sql.raw(statement).execute(db)
  },
}

const statements = [
  `alter table people add column skills text not null default '[]'`,
  `alter table people add column leads text not null default '[]'`,
  'alter table people add column wip_limit bigint',
  `create table shifts (
    id text primary key, team text not null, person_id text not null, days text not null, from_time text not null, to_time text not null,
    time_zone text not null, created_at bigint not null)`,
  `create table rotations (
    id text primary key, team text not null, person_ids text not null, starts_on text not null, hand_over text not null,
    every_days bigint not null, time_zone text not null, created_at bigint not null)`,
  `create table on_call_overrides (
    id text primary key, team text not null, person_id text not null, from_at bigint not null, until_at bigint not null,
    created_at bigint not null)`,
  `create table absences (
    id text primary key, person_id text not null, from_at bigint not null, until_at bigint not null, created_at bigint not null)`,
  'create index tickets_of_owner on tickets (owner_id) where owner_id is not null and resolved_at is null',
]
