import { v7 as orderedId } from 'uuid'
import type { PutRows, TicketCase, WriteRows } from '../pipeline/changes.ts'
import type { Tx } from '../store/store.ts'
import type { TimersTable } from '../store/tables/escalate.ts'

/** Writes the cases' timers: the new ones, and that the old ones are over. */
export async function keepTimers(tx: Tx, { putRows, updateRows }: WriteRows, cases: readonly TicketCase[], now: number): Promise<void> {
  const cancelled = cases.flatMap((work) => work.cancelledTimers.map((id) => ({ id, cancelled_at: now })))
  await updateRows(tx, 'timers', cancelled, { set: ['cancelled_at'], by: 'id' })
  const planned = cases.flatMap((work) =>
    work.timers.flatMap((timer) => (timer.id === null ? [rowOf(timer.kind, timer.dueAt, work.ticket.id, now)] : [])),
  )
  await putRows(tx, 'timers', planned, 'ignore')
}

/**
 * Takes these timers as fired and says which of them really were open: the guard that makes each fire exactly once,
 * in the transaction of its effect.
 */
export async function takeTimers(tx: Tx, ids: string[], now: number): Promise<Set<string>> {
  const taken = await tx
    .updateTable('timers')
    .set({ fired_at: now, fired_turn: orderedId() })
    .where('id', 'in', ids)
    .where('fired_at', 'is', null)
    .where('cancelled_at', 'is', null)
    .returning('id')
    .execute()
  return new Set(taken.map(({ id }) => id))
}

/** One digest a day and organisation: the id says which, so planning it for every line plans it once. */
export async function planDigests(
  tx: Tx,
  putRows: PutRows,
  digests: { organisationId: string; dueAt: number }[],
  now: number,
): Promise<void> {
  const rows = digests.map(({ organisationId, dueAt }) => ({
    ...rowOf('digest', dueAt, null, now),
    id: `digest-${organisationId}-${dueAt}`,
    payload: JSON.stringify({ organisationId }),
  }))
  await putRows(tx, 'timers', rows, 'ignore')
}

/** A timer of the collector's own; one that is planned again under its id takes the new payload. */
export async function planOwn(
  tx: Tx,
  putRows: PutRows,
  { id, kind, dueAt, payload }: { id: string; kind: TimersTable['kind']; dueAt: number; payload: string },
  now: number,
): Promise<void> {
  await putRows(tx, 'timers', [{ ...rowOf(kind, dueAt, null, now), id, payload }], { replaceWhere: ['id'] })
}

function rowOf(kind: TimersTable['kind'], dueAt: number, ticketId: string | null, now: number): TimersTable {
  return {
    id: orderedId(),
    ticket_id: ticketId,
    kind,
    due_at: dueAt,
    payload: '{}',
    created_at: now,
    fired_at: null,
    fired_turn: null,
    cancelled_at: null,
  }
}
