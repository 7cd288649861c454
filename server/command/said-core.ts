import { powersToAsk } from '#shared/api/commands.ts'
import isolateHost from '#shared/commands/isolate-host.ts'
import runScript from '#shared/commands/run-script.ts'
import type { Entry, PutRows } from '../pipeline/changes.ts'
import type { Tx } from '../store/store.ts'
import type { CommandsTable } from '../store/tables/command.ts'
import { leaveOut } from './bulk/keep.ts'

/*
 * A person has said that a machine is core. Enters: that, in its own transaction. Leaves: what was asked of it as of any
 * other machine and has not gone out waits for a person, who decides knowing what it is; and it has no turn in orders over
 * many machines that go on. Meets: an isolation that was decided for a workstation and hits a domain controller.
 */

export interface SaidCoreNeeds {
  store: { capabilities: { putRows: PutRows } }
  sayOnTimeline(tx: Tx, ticketId: string, entry: Entry): Promise<void>
}

export async function holdForCore(tx: Tx, { store, sayOnTimeline }: SaidCoreNeeds, endpointId: string, now: number): Promise<void> {
  const unsent = tx.selectFrom('commands').select(['id', 'verb', 'requested_by', 'ticket_id']).where('endpoint_id', '=', endpointId)
  const waiting = unsent.where('status', 'in', ['requested', 'unsigned', 'queued']).where('sent_at', 'is', null)
  const doubtful = (await waiting.where('settled_at', 'is', null).execute()).filter(isDoubtful)
  for (const { id, verb, ticket_id } of doubtful) {
    await tx.updateTable('commands').set({ status: 'held', jws: null }).where('id', '=', id).execute()
    const body = { commandId: id, verb, why: 'core' }
    if (ticket_id !== null) await sayOnTimeline(tx, ticket_id, { at: now, kind: 'command-held', actor: 'system', body })
  }
  await leaveOut(
    tx,
    store.capabilities.putRows,
    { endpointId, isMeant: isDoubtful, why: 'It was said to be core after this was asked.' },
    now,
  )
}

/** Of a core machine it would have been asked in another way, or of somebody else. */
function isDoubtful({ verb, requested_by }: Pick<CommandsTable, 'verb' | 'requested_by'>): boolean {
  if (verb === isolateHost.verb) return requested_by === 'system'
  // One of the library is asked for with less than any other script.
  return verb === runScript.verb || powersToAsk(verb, 'core').length > powersToAsk(verb, 'server').length
}
