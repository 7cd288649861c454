import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** Whether anything still waits for a window, an exception or a loud machine's ticket is asked often, and whatever ended is no matter. */
export const held: Migration = {
  up: async (db) => {
    await sql.raw('create index suppressed_signals_held on suppressed_signals (by_id) where ended_at is null').execute(db)
  },
}
