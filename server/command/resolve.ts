import type { FoundOut } from '#shared/domain/command.ts'
import type { Tx } from '../store/store.ts'
import type { CommandsTable } from '../store/tables/command.ts'

/**
 * A person found out what became of a command whose outcome nobody knew.
 * @returns the command; undefined: its outcome is known, or was found out before.
 */
export function resolveUnknown(tx: Tx, commandId: string, found: FoundOut): Promise<CommandsTable | undefined> {
  const update = tx
    .updateTable('commands')
    .set({ resolution: JSON.stringify(found) })
    .where('id', '=', commandId)
  return update.where('status', '=', 'unknown').where('resolution', 'is', null).returningAll().executeTakeFirst()
}
