import type { Tx } from '../store/store.ts'

/** @returns how many timers ended with these tickets; each of the three ways has an index of its own. */
export async function endTimersOf(tx: Tx, ticketIds: readonly string[]): Promise<number> {
  const ofThem = () => tx.deleteFrom('timers').where('ticket_id', 'in', ticketIds)
  const ended = [
    await ofThem().where('fired_at', 'is not', null).executeTakeFirst(),
    await ofThem().where('cancelled_at', 'is not', null).executeTakeFirst(),
    await ofThem().where('fired_at', 'is', null).where('cancelled_at', 'is', null).executeTakeFirst(),
  ]
  return ended.reduce((count, { numDeletedRows }) => count + Number(numDeletedRows), 0)
}

/** The collector's own that are over: digests, windows. @returns how many. */
export async function endOwnTimers(tx: Tx, before: number, most: number): Promise<number> {
  const own = () => tx.selectFrom('timers').select('id').where('ticket_id', 'is', null).limit(most)
  const rows = [
    ...(await own().where('fired_at', 'is not', null).where('fired_at', '<', before).execute()),
    ...(await own().where('cancelled_at', 'is not', null).where('cancelled_at', '<', before).execute()),
  ]
  const ids = rows.map(({ id }) => id)
  if (ids.length > 0) await tx.deleteFrom('timers').where('id', 'in', ids).execute()
  return ids.length
}
