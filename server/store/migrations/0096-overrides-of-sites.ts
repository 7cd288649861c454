import type { Migration } from 'kysely/migration'

/** Who is on call for one site; null: wherever their team is called. */
export const overridesOfSites: Migration = {
  up: async (db) => {
    await db.schema.alterTable('on_call_overrides').addColumn('site_id', 'text').execute()
  },
}
