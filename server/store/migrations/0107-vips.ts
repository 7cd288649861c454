import type { Migration } from 'kysely/migration'

/** Who is a VIP, and which technician is theirs; null: nobody is named any more. */
export const vips: Migration = {
  up: async (db) => {
    await db.schema
      .alterTable('requesters')
      .addColumn('is_vip', 'integer', (column) => column.notNull().defaultTo(0))
      .execute()
    await db.schema.alterTable('requesters').addColumn('technician_id', 'text').execute()
  },
}
