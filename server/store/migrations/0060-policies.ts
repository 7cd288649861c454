import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** What operators wrote of what agents sense, and what was signed of it for each organisation. */
export const policies: Migration = {
  up: async (db) => {
    await sql`create table policy_versions (version bigint primary key, yaml text not null, author text not null, created_at bigint not null)`.execute(
      db,
    )
    await sql`create table policies (organisation_id text primary key, number bigint not null, issued_at bigint not null,
      jws text not null, version bigint, signed_by text)`.execute(db)
  },
}
