import type { Kysely } from 'kysely'
import type { Database } from '../store/schema.ts'
import type { Tx } from '../store/store.ts'
import type { RestoresTable } from '../store/tables/backup.ts'

/** When this collector was made of a backup, and of which. */

export async function keepRestore(tx: Tx, restore: Omit<RestoresTable, 'started_at'>): Promise<void> {
  await tx
    .insertInto('restores')
    .values({ ...restore, started_at: null })
    .execute()
}

export const lastRestore = (db: Kysely<Database>): Promise<RestoresTable | undefined> =>
  db.selectFrom('restores').selectAll().orderBy('restored_at', 'desc').limit(1).executeTakeFirst()

/** True for the first start after a restore. */
export async function noteStart(tx: Tx, now: number): Promise<boolean> {
  const noted = await tx.updateTable('restores').set({ started_at: now }).where('started_at', 'is', null).executeTakeFirst()
  return noted.numUpdatedRows > 0n
}
