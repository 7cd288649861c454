import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** At which machines of an organisation one source knocks is asked whenever one says so. */
export const knocks: Migration = {
  up: async (db) => {
    await sql
      .raw(`create index signals_knocks on signals (organisation_id, received_at) where kind = 'security.logon.bruteforce'`)
      .execute(db)
  },
}
