import { type Kysely, type Selectable, sql } from 'kysely'
import { seconds } from '#shared/domain/time.ts'
import type { Database } from '../store/schema.ts'
import type { Tx } from '../store/store.ts'

export type DocumentRow = Selectable<Database['documents']>

/** False when one that is as high or higher is there: of two processes that issue at once, one wins. */
export async function putIfHigher(tx: Tx, row: DocumentRow): Promise<boolean> {
  const { name: _, ...rest } = row
  const put = await tx
    .insertInto('documents')
    .values(row)
    .onConflict((conflict) => conflict.column('name').doUpdateSet(rest).where('documents.number', '<', row.number))
    .executeTakeFirst()
  return put.numInsertedOrUpdatedRows === 1n
}

/** A restore begins: what agents have of these with higher numbers is what it forgot. */
export async function knowNumbers(tx: Tx): Promise<void> {
  await tx
    .updateTable('documents')
    .set({ known_number: sql.ref('number') })
    .execute()
}

/**
 * After a restore numbers go on at its second: nobody issues one a second, so whatever was issued before it, also since the
 * backup, has a lower one. @returns 0 for a collector that was never restored.
 */
export async function firstNumber(db: Kysely<Database>): Promise<number> {
  const { at } = await db
    .selectFrom('restores')
    .select(({ fn }) => fn.max('restored_at').as('at'))
    .executeTakeFirstOrThrow()
  return Math.floor((at ?? 0) / seconds(1))
}
