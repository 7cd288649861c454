import type { Migration } from 'kysely/migration'

/** The public half of the key in a person's browser, for an authority to certify. */
export const browserKeys: Migration = {
  up: async (db) => {
    await db.schema
      .createTable('browser_keys')
      .addColumn('person_id', 'text', (column) => column.primaryKey().references('people.id'))
      .addColumn('kid', 'text', (column) => column.notNull().unique())
      .addColumn('x', 'text', (column) => column.notNull())
      .addColumn('asked_at', 'bigint', (column) => column.notNull())
      .execute()
  },
}
