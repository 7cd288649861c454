import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** The version of the matrix by which a ticket's promises and time-boxes count; what a person calls a machine. */
export const plansAndTags: Migration = {
  up: async (db) => {
    await sql`alter table tickets add column plan_version bigint not null default 0`.execute(db)
    await sql`update tickets set plan_version = matrix_version`.execute(db)
    await sql`alter table endpoints add column tags text not null default '[]'`.execute(db)
  },
}
