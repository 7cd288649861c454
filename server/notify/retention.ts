import type { Tx } from '../store/store.ts'

/** @returns how many notices ended with these tickets. */
export async function endNoticesOf(tx: Tx, ticketIds: readonly string[]): Promise<number> {
  const ended = await tx.deleteFrom('outbox').where('ticket_id', 'in', ticketIds).executeTakeFirst()
  return Number(ended.numDeletedRows)
}

/** Those about no ticket; of no organisation, where it is null. @returns how many. */
export async function endLooseNotices(tx: Tx, organisationId: string | null, before: number, most: number): Promise<number> {
  const old = tx.selectFrom('outbox').select('id').where('ticket_id', 'is', null).where('created_at', '<', before)
  const rows = await old
    .where('organisation_id', organisationId === null ? 'is' : '=', organisationId)
    .limit(most)
    .execute()
  const ids = rows.map(({ id }) => id)
  if (ids.length > 0) await tx.deleteFrom('outbox').where('id', 'in', ids).execute()
  return ids.length
}

/** @returns how many. */
export async function endDigestLines(tx: Tx, organisationId: string, before: number, most: number): Promise<number> {
  const old = tx.selectFrom('digest_lines').select('id').where('organisation_id', '=', organisationId).where('at', '<', before)
  const ids = (await old.orderBy('at').limit(most).execute()).map(({ id }) => id)
  if (ids.length > 0) await tx.deleteFrom('digest_lines').where('id', 'in', ids).execute()
  return ids.length
}
