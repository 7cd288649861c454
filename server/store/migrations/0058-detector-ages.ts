import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** Since when the fleet knows agents' releases and rules; what it has by now is old. */
export const detectorAges: Migration = {
  up: async (db) => {
    await sql.raw('create table detector_ages (name text primary key, first_seen_at bigint not null)').execute(db)
    await sql
      .raw("insert into detector_ages (name, first_seen_at) select distinct substr('release ' || agent_version, 1, 200), 0 from presences")
      .execute(db)
  },
}
