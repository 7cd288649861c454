import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** Answers that came by mail. */
export const mails: Migration = {
  up: async (db) => {
    for (const statement of statements) await sql.raw(statement).execute(db)
  },
}

const statements = [
  `create table mails (
    id text primary key, status text not null, reason text not null, sender text not null, subject text not null, text text not null,
    ticket_id text, received_at bigint not null)`,
  'create index mails_of_sender on mails (sender, received_at)',
  `create index mails_held on mails (received_at) where status = 'held'`,
]
