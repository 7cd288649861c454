import type { Tx } from '../store/store.ts'

/** After a restore each endpoint's next word says how it is; these are the endpoints that have not said it yet. */

export async function awaitWords(tx: Tx, now: number): Promise<number> {
  const awaited = tx.updateTable('endpoints').set({ word_awaited_since: now }).where('removed_at', 'is', null)
  return Number((await awaited.executeTakeFirst()).numUpdatedRows)
}

/** True for exactly one caller: its word is taken once. */
export async function takeAwaited(tx: Tx, endpointId: string): Promise<boolean> {
  const taken = tx.updateTable('endpoints').set({ word_awaited_since: null }).where('id', '=', endpointId)
  return (await taken.where('word_awaited_since', 'is not', null).executeTakeFirst()).numUpdatedRows === 1n
}
