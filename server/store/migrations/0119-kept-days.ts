import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** How long each organisation keeps what is over, and by what it is found; timers, signals and digests of what is open are in none of these indexes. */
export const keptDays: Migration = {
  up: async (db) => {
    for (const statement of statements) await sql.raw(statement).execute(db)
  },
}

const statements = [
  'alter table organisations add column kept_days integer not null default 400',
  'create index tickets_over on tickets (organisation_id, resolved_at) where resolved_at is not null',
  'create index timers_fired on timers (ticket_id) where fired_at is not null',
  'create index timers_cancelled on timers (ticket_id) where cancelled_at is not null',
  'create index signals_loose on signals (organisation_id, received_at) where ticket_id is null and handled_at is not null',
  'create index digest_lines_by_age on digest_lines (organisation_id, at)',
  'create index mails_of_ticket on mails (ticket_id)',
]
