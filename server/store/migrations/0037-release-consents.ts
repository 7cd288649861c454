import type { Migration } from 'kysely/migration'

/** Who of two sides has said that an isolated machine may be released, while the other hasn't. */
export const releaseConsents: Migration = {
  up: async (db) => {
    await db.schema
      .createTable('release_consents')
      .addColumn('endpoint_id', 'text', (column) => column.notNull())
      .addColumn('side', 'text', (column) => column.notNull())
      .addColumn('person_id', 'text', (column) => column.notNull())
      .addColumn('reason', 'text', (column) => column.notNull())
      .addColumn('at', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('release_consents_key', ['endpoint_id', 'side'])
      .execute()
  },
}
