import type { Migration } from 'kysely/migration'

/** Who pressed the stop button: whoever wants machines isolated again has to know whom to ask. */
export const stoppedBy: Migration = {
  up: async (db) => {
    await db.schema.alterTable('organisations').addColumn('stopped_by', 'text').execute()
  },
}
