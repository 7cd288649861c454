import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** What the pipeline reads every round: open timers, however many a noisy ticket has had; stale commands, which it counts. */
export const rounds: Migration = {
  up: async (db) => {
    for (const statement of statements) await sql.raw(statement).execute(db)
  },
}

const statements = [
  'create index timers_open on timers (ticket_id) where fired_at is null and cancelled_at is null',
  'drop index timers_of_ticket',
  `create index signals_stale on signals (endpoint_id, received_at) where kind = 'security.command.stale'`,
]
