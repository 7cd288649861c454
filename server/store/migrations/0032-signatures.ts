import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** Commands that wait for operators: the bytes to sign, and who signed them. */
export const signatures: Migration = {
  up: async (db) => {
    await sql.raw('alter table commands add column payload text').execute(db)
    await sql.raw('alter table commands add column signatures text').execute(db)
    await sql.raw("create index commands_unsigned on commands (organisation_id, requested_at) where status = 'unsigned'").execute(db)
  },
}
