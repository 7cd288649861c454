import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** Each organisation keeps them for days of its own. */
export const commandsOverByOrganisation: Migration = {
  up: async (db) => {
    await sql.raw('drop index commands_over').execute(db)
    await sql
      .raw('create index commands_over on commands (organisation_id, settled_at) where settled_at is not null and ticket_id is null')
      .execute(db)
  },
}
