import type { Selectable } from 'kysely'
import type { Database } from '../store/schema.ts'
import type { Tx } from '../store/store.ts'

export type DocumentRow = Selectable<Database['documents']>

/** False when one that is as high or higher is there: of two processes that issue at once, one wins. */
export async function putIfHigher(tx: Tx, row: DocumentRow): Promise<boolean> {
  const { number, issued_at, jws } = row
  const put = await tx
    .insertInto('documents')
    .values(row)
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ number, issued_at, jws }).where('documents.number', '<', number))
    .executeTakeFirst()
  return put.numInsertedOrUpdatedRows === 1n
}
