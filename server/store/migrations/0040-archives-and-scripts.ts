import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** Files that agents hand over, and the scripts that were reviewed. */
export const archivesAndScripts: Migration = {
  up: async (db) => {
    await sql
      .raw(
        `create table archives (id text primary key, organisation_id text not null, endpoint_id text not null, bytes bigint not null,
         sha256 text not null, begun_at bigint not null, completed_at bigint)`,
      )
      .execute(db)
    await sql.raw('create index archives_of_endpoint on archives (endpoint_id)').execute(db)
    await sql
      .raw(
        `create table scripts (id text primary key, name text not null, sha256 text not null, interpreter text not null,
         platforms text not null, body text not null, written_by text not null, written_at bigint not null, reviewed_by text,
         reviewed_at bigint, retired_at bigint)`,
      )
      .execute(db)
    await sql.raw('create index scripts_by_hash on scripts (sha256)').execute(db)
  },
}
