import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** Which machine brought a release or a rule first, so that each has room of its own. */
export const agesByEndpoint: Migration = {
  up: async (db) => {
    await sql.raw("alter table detector_ages add column endpoint_id text not null default ''").execute(db)
    await sql.raw('create index detector_ages_of_endpoint on detector_ages (endpoint_id)').execute(db)
  },
}
