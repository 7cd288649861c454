import type { Migration } from 'kysely/migration'

/** When what is only a line of a digest was last gathered into a ticket. */
export const roundUps: Migration = {
  up: async (db) => {
    await db.schema
      .createTable('round_ups')
      .addColumn('organisation_id', 'text', (column) => column.notNull())
      .addColumn('name', 'text', (column) => column.notNull())
      .addColumn('at', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('round_ups_key', ['organisation_id', 'name'])
      .execute()
  },
}
