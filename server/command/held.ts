import { CommandStatus, isUnderWay } from '#shared/domain/command.ts'
import type { AuditEntry } from '../audit/audit.ts'
import type { Tx } from '../store/store.ts'
import type { CommandsTable } from '../store/tables/command.ts'
import { endedBulk } from './bulk/keep.ts'

/*
 * After a restore nobody knows what became of a command that had not arrived when the backup was made: it may have run,
 * and have been undone since. So it is held until a person decides, or until its result comes after all. One that had
 * arrived stays what it is until its result comes or its time is up, and isn't sent again: the answer that its agent
 * keeps would speak of an older state than its hello.
 */

const underWay = CommandStatus.options.filter(isUnderWay)

/** Without a signature nothing goes out; an order over many machines has ended. @returns what is held now. */
export async function holdUnderWay(tx: Tx, record: (tx: Tx, entry: AuditEntry) => Promise<void>, now: number): Promise<CommandsTable[]> {
  const note = 'The collector was restored from a backup.'
  const ending = tx.updateTable('bulks').set({ status: 'ended', note, settled_at: now, jws: null }).where('settled_at', 'is', null)
  for (const bulk of await ending.returning(['id', 'organisation_id', 'verb']).execute()) await record(tx, endedBulk(bulk, note))
  await tx.updateTable('commands').set({ jws: null }).where('settled_at', 'is', null).execute()
  const held = tx.updateTable('commands').set({ status: 'held' }).where('settled_at', 'is', null)
  return held.where('status', 'in', underWay).returningAll().execute()
}

/** A person has decided. @returns what it was; undefined: it waits for nobody any more. */
export function endHeld(tx: Tx, commandId: string, now: number): Promise<CommandsTable | undefined> {
  const ended = tx.updateTable('commands').set({ status: 'dropped', settled_at: now }).where('id', '=', commandId)
  return ended.where('status', '=', 'held').returningAll().executeTakeFirst()
}
