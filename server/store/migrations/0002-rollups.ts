import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import type { Capabilities } from '../capabilities.ts'

/** Samples by the step, and what of them is still to be rolled up. */
export function rollups({ keyOrdered }: Capabilities['ddl']): Migration {
  const statements = [
    `create table rollups (
      endpoint_id text not null, step_ms bigint not null, at bigint not null, samples bigint not null, body text not null,
      primary key (endpoint_id, step_ms, at)) ${keyOrdered}`,
    `create table rollups_due (
      endpoint_id text not null, step_ms bigint not null, at bigint not null, due_at bigint not null,
      primary key (endpoint_id, step_ms, at, due_at)) ${keyOrdered}`,
    'create index rollups_due_next on rollups_due (due_at)',
    // What was kept before there were roll-ups is rolled up, too; 300000 ms are the five minutes of the finest step.
    `insert into rollups_due (endpoint_id, step_ms, at, due_at)
      select distinct endpoint_id, 300000, at - at % 300000, at - at % 300000 + 360000 from samples`,
  ]
  return {
    up: async (db) => {
      for (const statement of statements) await sql.raw(statement).execute(db)
    },
  }
}
