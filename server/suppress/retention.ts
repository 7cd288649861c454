import type { Tx } from '../store/store.ts'

/** Exceptions that were made on these tickets; none of them is in force. */
export async function endExceptionsOf(tx: Tx, ticketIds: readonly string[]): Promise<void> {
  await tx.deleteFrom('noise_exceptions').where('ticket_id', 'in', ticketIds).execute()
}

/** What was known of signals that end, or of those of tickets that do. */
export async function endSuppressedOf(tx: Tx, of: { signalIds: readonly string[] } | { ticketIds: readonly string[] }): Promise<void> {
  const held = tx.deleteFrom('suppressed_signals')
  if ('signalIds' in of) await held.where('signal_id', 'in', of.signalIds).execute()
  else
    await held
      .where('signal_id', 'in', ({ selectFrom }) => selectFrom('signals').select('signals.id').where('ticket_id', 'in', of.ticketIds))
      .execute()
}

/** Exceptions and windows that are over. @returns how many. */
export async function endOldExceptions(tx: Tx, organisationId: string, before: number): Promise<number> {
  const exceptions = tx.deleteFrom('noise_exceptions').where('organisation_id', '=', organisationId).where('until_at', '<', before)
  const windows = tx.deleteFrom('maintenance_windows').where('organisation_id', '=', organisationId).where('removed_at', '<', before)
  const ended = [await exceptions.executeTakeFirst(), await windows.executeTakeFirst()]
  return ended.reduce((count, { numDeletedRows }) => count + Number(numDeletedRows), 0)
}

/** Detectors that were armed again. @returns how many. */
export async function endRearmed(tx: Tx, before: number): Promise<number> {
  const ended = await tx.deleteFrom('disarmed_detectors').where('armed_at', '<', before).executeTakeFirst()
  return Number(ended.numDeletedRows)
}
