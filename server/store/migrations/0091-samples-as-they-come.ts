import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import type { Capabilities } from '../capabilities.ts'

/**
 * Samples lie in the order in which they came, with their key beside them. In the order of the key each machine's row, a
 * quarter of a page long, had a page of its own to change in every commit: three pages of log a row instead of 0.7, and 50 µs
 * of a core instead of 20. A database that keeps nothing in the order of keys has them so from the beginning.
 */
export const samplesAsTheyCome = ({ keyOrdered }: Capabilities['ddl']): Migration => ({
  up: async (db) => {
    if (keyOrdered === '') return
    const statements = [
      `create table samples_as_they_come (
        endpoint_id text not null, at bigint not null, body text not null, primary key (endpoint_id, at))`,
      'insert into samples_as_they_come (endpoint_id, at, body) select endpoint_id, at, body from samples',
      'drop table samples',
      'alter table samples_as_they_come rename to samples',
    ]
    for (const statement of statements) await sql.raw(statement).execute(db)
  },
})
