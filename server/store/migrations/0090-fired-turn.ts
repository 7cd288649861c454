import type { Migration } from 'kysely/migration'

/** Which came first, of what happened in one instant: an id that stands in one order with those of timelines. */
export const firedTurn: Migration = {
  up: async (db) => {
    await db.schema.alterTable('timers').addColumn('fired_turn', 'text').execute()
  },
}
