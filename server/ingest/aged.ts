import { sql } from 'kysely'
import type { Tx } from '../store/store.ts'

/**
 * What a restored store had taken in and not handled comes to the desk only now, and is as old as that: evidence of days
 * ago isolates nobody by itself.
 */
export async function ageUnhandled(tx: Tx, now: number): Promise<void> {
  await tx
    .updateTable('signals')
    .set({ age_ms: sql<number>`age_ms + (${now} - received_at)`, received_at: now })
    .where('handled_at', 'is', null)
    .where('received_at', '<', now)
    .execute()
}
