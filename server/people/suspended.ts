import type { Tx } from '../store/store.ts'

/*
 * A restored store brings back what was ended since its backup: a sign-in that somebody closed, a token that leaked and
 * was revoked. It can't tell them from the rest, so none of them opens anything until an admin says which may again.
 * People stay: somebody has to be able to sign in, and who shouldn't is on the list that the restore leaves.
 */

/** How many of each there were. */
export interface Suspended {
  sessions: number
  tokens: number
  sources: number
}

export async function suspendAccess(tx: Tx, now: number): Promise<Suspended> {
  const sessions = await tx.deleteFrom('sessions').executeTakeFirst()
  const tokens = tx
    .updateTable('api_tokens')
    .set({ suspended_at: now })
    .where('revoked_at', 'is', null)
    .where(({ or, eb }) => or([eb('expires_at', 'is', null), eb('expires_at', '>', now)]))
  const sources = tx.updateTable('sources').set({ suspended_at: now }).where('revoked_at', 'is', null)
  return {
    sessions: Number(sessions.numDeletedRows),
    tokens: Number((await tokens.executeTakeFirst()).numUpdatedRows),
    sources: Number((await sources.executeTakeFirst()).numUpdatedRows),
  }
}
