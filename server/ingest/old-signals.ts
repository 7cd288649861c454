import type { Tx } from '../store/store.ts'

/** @returns how many signals, each with its evidence, ended with these tickets. */
export async function endSignalsOf(tx: Tx, ticketIds: readonly string[]): Promise<number> {
  const ended = await tx.deleteFrom('signals').where('ticket_id', 'in', ticketIds).executeTakeFirst()
  return Number(ended.numDeletedRows)
}

/** Those that became no ticket, by when they came; not while one waits until its trouble is decided anew. */
export async function looseSignals(tx: Tx, organisationId: string, before: number, most: number): Promise<string[]> {
  const rows = await tx
    .selectFrom('signals')
    .select('signals.id')
    .where('signals.organisation_id', '=', organisationId)
    .where('signals.received_at', '<', before)
    .where('signals.ticket_id', 'is', null)
    .where('signals.handled_at', 'is not', null)
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('suppressed_signals as held')
            .select('held.signal_id')
            .whereRef('held.signal_id', '=', 'signals.id')
            .where('held.ended_at', 'is', null),
        ),
      ),
    )
    .orderBy('signals.received_at')
    .limit(most)
    .execute()
  return rows.map(({ id }) => id)
}

export async function endSignals(tx: Tx, ids: readonly string[]): Promise<void> {
  await tx.deleteFrom('signals').where('id', 'in', ids).execute()
}
