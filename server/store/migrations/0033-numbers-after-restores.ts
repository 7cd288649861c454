import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** From where numbers go on after a restore: what was given out since the backup is never given to anything else. */
export const numbersAfterRestores: Migration = {
  up: async (db) => {
    await db.schema.alterTable('documents').addColumn('known_number', 'bigint').execute()
    await db.schema.alterTable('restores').addColumn('first_ticket_number', 'bigint').execute()
    await sql`update documents set known_number = number`.execute(db)
  },
}
