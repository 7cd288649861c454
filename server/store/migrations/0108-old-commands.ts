import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** Commands of long ago, and results as they came, end; what a ticket tells of is looked past. */
export const oldCommands: Migration = {
  up: async (db) => {
    await sql.raw('create index commands_over on commands (settled_at) where settled_at is not null and ticket_id is null').execute(db)
    await sql.raw('create index command_results_handled on command_results (handled_at) where handled_at is not null').execute(db)
  },
}
