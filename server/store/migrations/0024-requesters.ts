import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** Who asked for a ticket, and in which language customers are told. */
export const requesters: Migration = {
  up: async (db) => {
    for (const statement of statements) await sql.raw(statement).execute(db)
  },
}

const statements = [
  `create table requesters (
    id text primary key, organisation_id text not null, name text not null, mail text not null, language text, time_zone text,
    created_at bigint not null)`,
  'create unique index requesters_by_mail on requesters (mail, organisation_id)',
  'alter table tickets add column requester_id text',
  `alter table organisations add column language text not null default 'en'`,
]
