import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** What the collector signed for its agents: the newest of each name. */
export const documents: Migration = {
  up: async (db) => {
    await sql`create table documents (name text primary key, number bigint not null, issued_at bigint not null, jws text not null)`.execute(
      db,
    )
  },
}
