import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** Commands that run, what people found out about those nobody knew the end of, and the switch for scripts. */
export const lifeOfCommands: Migration = {
  up: async (db) => {
    await sql.raw('alter table commands add column running_at bigint').execute(db)
    await sql.raw('alter table commands add column resolution text').execute(db)
    await sql.raw("create index commands_queued on commands (endpoint_id, requested_at) where status = 'queued'").execute(db)
    await sql.raw('alter table organisations add column scripts_off integer not null default 0').execute(db)
  },
}
