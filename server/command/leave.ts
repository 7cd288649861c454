import type { AuditEntry } from '../audit/audit.ts'
import type { Tx } from '../store/store.ts'
import type { BulksTable, CommandsTable } from '../store/tables/command.ts'
import { endBulk, endedBulk } from './bulk/keep.ts'
import { signaturesOf } from './signatures.ts'

export interface Leaver {
  personId: string
  operator: string | undefined
  /** Why, for whoever looks at an order over many machines. */
  note: string
  record(tx: Tx, entry: AuditEntry): Promise<void>
}

/**
 * Somebody leaves: what they asked for, or signed, and hasn't gone out is dropped. What was sent may have arrived; agents
 * turn it away by themselves where its signer is no operator any more. A ticket's isolation under the collector's key stays:
 * its machine is under attack, whoever saw that. One that is on no ticket is nobody's word but theirs.
 * @returns what was dropped.
 */
export async function dropUndelivered(tx: Tx, leaver: Leaver, now: number): Promise<CommandsTable[]> {
  const bulks = tx.selectFrom('bulks').selectAll().where('settled_at', 'is', null)
  for (const bulk of await bulks.execute()) {
    if (!isTheirs(bulk, leaver) || !(await endBulk(tx, bulk.id, 'ended', leaver.note, now))) continue
    await leaver.record(tx, endedBulk(bulk, leaver.note))
  }
  const waiting = await tx.selectFrom('commands').selectAll().where('status', 'in', ['requested', 'unsigned', 'queued', 'held']).execute()
  const ids = waiting.filter((command) => isTheirs(command, leaver)).map(({ id }) => id)
  if (ids.length === 0) return []
  const dropped = tx.updateTable('commands').set({ status: 'dropped', settled_at: now, jws: null }).where('id', 'in', ids)
  return dropped.where('settled_at', 'is', null).returningAll().execute()
}

type Asked = Pick<CommandsTable | BulksTable, 'verb' | 'requested_by' | 'signatures'> & { ticket_id?: string | null }

function isTheirs(asked: Asked, { personId, operator }: Leaver): boolean {
  if (asked.verb === 'isolate-host' && asked.signatures === null && asked.ticket_id != null) return false
  return asked.requested_by === personId || signaturesOf(asked).some((signed) => signed.operator === operator)
}
