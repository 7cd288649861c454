import type { Tx } from '../store/store.ts'
import type { CommandsTable } from '../store/tables/command.ts'
import { signaturesOf } from './signatures.ts'

/**
 * Somebody leaves: what they asked for, or signed, and hasn't gone out is dropped. What was sent may have arrived; agents
 * turn it away by themselves where its signer is no operator any more.
 * @returns what was dropped.
 */
export async function dropUndelivered(tx: Tx, personId: string, operator: string | undefined, now: number): Promise<CommandsTable[]> {
  const waiting = await tx.selectFrom('commands').selectAll().where('status', 'in', ['requested', 'unsigned', 'queued', 'held']).execute()
  const isTheirs = (command: CommandsTable): boolean =>
    command.requested_by === personId || signaturesOf(command).some((signed) => signed.operator === operator)
  const ids = waiting.filter(isTheirs).map(({ id }) => id)
  if (ids.length === 0) return []
  const dropped = tx.updateTable('commands').set({ status: 'dropped', settled_at: now, jws: null }).where('id', 'in', ids)
  return dropped.where('settled_at', 'is', null).returningAll().execute()
}
