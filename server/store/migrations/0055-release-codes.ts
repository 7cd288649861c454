import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** Which of its isolations a machine is in, as its screen shows it; and whom the person there is to call. */
export const releaseCodes: Migration = {
  up: async (db) => {
    await sql.raw('alter table isolations add column number bigint').execute(db)
    await sql.raw("alter table organisations add column call_whom text not null default '[]'").execute(db)
  },
}
