import type { Tx } from '../store/store.ts'

/** They are one of many now: what waits to be told of each of them is told of the one over them. */
export async function hush(tx: Tx, ticketIds: readonly string[], now: number): Promise<void> {
  if (ticketIds.length === 0) return
  await tx
    .updateTable('outbox')
    .set({ failed_at: now, last_error: 'it is one of many, and the ticket over it is told of' })
    .where('ticket_id', 'in', ticketIds)
    .where('delivered_at', 'is', null)
    .where('failed_at', 'is', null)
    .execute()
}
