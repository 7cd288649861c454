import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** Those whose place is silent are looked for every few seconds, among the many that are simply away. */
export const silencesByWord: Migration = {
  up: async (db) => {
    await sql`create index silences_by_word on silences (said, endpoint_id)`.execute(db)
  },
}
