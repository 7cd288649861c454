import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** What each machine has installed, as it said it last: one row, for it comes and goes as a whole. */
export const software: Migration = {
  up: async (db) => {
    await sql.raw('create table software (endpoint_id text primary key, at bigint not null, body text not null)').execute(db)
  },
}
