import type { Tx } from '../store/store.ts'

/** After a restore each endpoint's next word says how it is; these are the endpoints that have not said it yet. */

export async function awaitWords(tx: Tx, now: number): Promise<number> {
  const awaited = tx.updateTable('endpoints').set({ word_awaited_since: now }).where('removed_at', 'is', null)
  return Number((await awaited.executeTakeFirst()).numUpdatedRows)
}

/** @returns since when; undefined: its word was taken before, or never awaited. */
export async function takeAwaited(tx: Tx, endpointId: string): Promise<number | undefined> {
  const awaited = tx.selectFrom('endpoints').select('word_awaited_since as since').where('id', '=', endpointId)
  const { since } = (await awaited.executeTakeFirst()) ?? { since: null }
  if (since === null) return undefined
  const taken = tx.updateTable('endpoints').set({ word_awaited_since: null }).where('id', '=', endpointId)
  const { numUpdatedRows } = await taken.where('word_awaited_since', 'is not', null).executeTakeFirst()
  return numUpdatedRows === 1n ? since : undefined
}
