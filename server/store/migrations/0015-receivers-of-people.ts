import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** Who hears of what, and how a page goes by the next way. */
export const receiversOfPeople: Migration = {
  up: async (db) => {
    for (const statement of statements) await sql.raw(statement).execute(db)
  },
}

const statements = [
  `alter table receivers add column audience text not null default 'everybody'`,
  'alter table receivers add column person_id text',
  'alter table receivers add column rank bigint',
  'alter table receivers add column team text',
  'alter table receivers add column address text',
  'create index receivers_of_person on receivers (person_id) where person_id is not null',
  'alter table outbox add column pass_on_at bigint',
  'create index outbox_waiting on outbox (receiver_id) where delivered_at is null and failed_at is null',
  'create index outbox_told on outbox (receiver_id, delivered_at) where delivered_at is not null',
]
