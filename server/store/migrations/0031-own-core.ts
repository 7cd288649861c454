import type { Migration } from 'kysely/migration'

/** Whether a customer's own IT may answer if their own core machines shall be isolated (defaults §9); nobody's may until it is said. */
export const ownCore: Migration = {
  up: async (db) => {
    await db.schema
      .alterTable('organisations')
      .addColumn('answers_own_core', 'integer', (column) => column.notNull().defaultTo(0))
      .execute()
  },
}
