import type { ResultRecord } from '#shared/protocol/record.ts'
import type { Entry } from '../pipeline/changes.ts'
import type { Tx } from '../store/store.ts'
import type { CommandsTable } from '../store/tables/command.ts'
import { isProven } from './command.ts'
import { proofIn } from './settle.ts'

type Isolating = Pick<CommandsTable, 'endpoint_id' | 'verb' | 'requested_at'>

/** What happened at an isolated machine, for the timeline of the ticket that isolated it. */
export function saidThere({ atMachine }: ResultRecord, isOpened: boolean): Omit<Entry, 'at'> | undefined {
  if (atMachine) return { kind: 'at-machine', actor: 'agent', body: { ...atMachine } }
  return isOpened ? { kind: 'at-machine', actor: 'agent', body: { event: 'opened-itself' } } : undefined
}

/** What the machine says of its isolation after the command was answered, when that changed by itself: proven at last, drifted, lost. */
export function changedThere({ status }: Pick<CommandsTable, 'status'>, result: ResultRecord): Omit<Entry, 'at'> | undefined {
  const { verb, startedAt, isolation, detail, commandId } = result
  if (verb !== 'isolate-host' || startedAt !== null || !isolation) return undefined
  const body = { commandId, verb, actual: isProven(isolation) || isolation.actual !== 'isolated' ? isolation.actual : 'isolating' }
  const isProvenAtLast = isProven(isolation) && status !== 'succeeded'
  return {
    kind: 'isolation-changed',
    actor: 'agent',
    body: {
      isProvenAtLast,
      ...(isProvenAtLast && { outcome: 'succeeded' }),
      ...body,
      detail: isolation.detail || detail,
      ...proofIn(result),
    },
  }
}

/**
 * Opened at the machine, by a code or because its lease is over: from then on nobody here wants it isolated either, or the desk
 * would show a wish that nothing pursues. What was wanted later than that isolation stays wanted.
 * Of an isolation that was refused, or failed, the machine is open too, and nobody opened it.
 * @returns whether anything changed.
 */
export async function noteOpened(
  tx: Tx,
  { endpoint_id, verb, requested_at }: Isolating,
  result: ResultRecord,
  now: number,
): Promise<boolean> {
  if (verb !== 'isolate-host' || result.outcome !== 'succeeded' || result.isolation?.actual !== 'open') return false
  const changed = await tx
    .updateTable('isolations')
    .set({ desired: 'open', desired_at: now, desired_by: 'agent' })
    .where('endpoint_id', '=', endpoint_id)
    .where('desired', '=', 'isolated')
    .where('desired_at', '<=', requested_at)
    .executeTakeFirst()
  return changed.numUpdatedRows > 0n
}
