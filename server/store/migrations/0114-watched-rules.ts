import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

const statements = [
  'create table rule_lists (digest text primary key, body text not null, endpoint_id text not null, at bigint not null)',
  'create index rule_lists_of_endpoint on rule_lists (endpoint_id)',
  `create table rule_watches (endpoint_id text primary key, lists text not null, left_out integer not null, at bigint not null,
    began_day integer not null, began_lists text not null)`,
  'create index rule_watches_by_day on rule_watches (began_day)',
  `create table rule_days (day integer not null, rule text not null, digest text not null, endpoints integer not null,
    of_endpoints integer not null, hits integer not null, primary key (day, rule, digest))`,
  `create table watched_rules (rule text not null, digest text not null, kind text not null, title text not null, severity text not null,
    status text not null, first_seen_at bigint not null, last_day integer not null, is_armed integer not null, changed_at bigint not null,
    why text not null, primary key (rule, digest))`,
  'create index watched_rules_armed on watched_rules (rule, digest) where is_armed = 1',
]

/** Which Sigma rules machines watch, on how many of them a day, and which of them speak their own level. */
export const watchedRules: Migration = {
  up: async (db) => {
    for (const statement of statements) await sql.raw(statement).execute(db)
  },
}
