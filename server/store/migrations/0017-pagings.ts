import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** How far the paging of each ticket has come. */
export const pagings: Migration = {
  up: async (db) => {
    await sql
      .raw(
        `create table pagings (
          ticket_id text primary key, team text not null, priority text not null, opened_at bigint not null, since bigint not null,
          is_page integer not null, rung bigint not null, next_at bigint)`,
      )
      .execute(db)
  },
}
