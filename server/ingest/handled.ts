import type { Store, Tx } from '../store/store.ts'
import type { SignalsTable } from '../store/tables/ingest.ts'
import { type OwnTrouble, ownRow } from './rows.ts'

/** What the pipeline made of a signal. */
export interface Mark {
  signalId: string
  outcome: NonNullable<SignalsTable['outcome']>
  ticketId: string | null
}

/**
 * The pipeline's tick on its work list, in the transaction of the effect. Where one of them is ticked already, the effect
 * was kept before and must not be kept twice (invariant 3): then the transaction fails.
 */
export async function markHandled(
  tx: Tx,
  claimRows: Store['capabilities']['claimRows'],
  marks: readonly Mark[],
  now: number,
): Promise<void> {
  const rows = marks.map(({ signalId, outcome, ticketId }) => ({ id: signalId, handled_at: now, outcome, ticket_id: ticketId }))
  const set = ['handled_at', 'outcome', 'ticket_id']
  await claimRows(tx, 'signals', rows, { set, by: 'id', whileNull: 'handled_at', otherwise: 'A signal was handled before.' })
}

/** Back on the work list: what they waited for is over. */
export async function unmarkHandled(tx: Tx, signalIds: readonly string[]): Promise<void> {
  if (signalIds.length === 0) return
  await tx
    .updateTable('signals')
    .set({ handled_at: null, outcome: null })
    .where('id', 'in', signalIds)
    .where('ticket_id', 'is', null)
    .execute()
}

/** Back on the work list as well: the ticket that they joined has ended. */
export async function unmarkJoined(tx: Tx, signalIds: readonly string[], ticketId: string): Promise<void> {
  if (signalIds.length === 0) return
  await tx
    .updateTable('signals')
    .set({ handled_at: null, outcome: null, ticket_id: null })
    .where('id', 'in', signalIds)
    .where('ticket_id', '=', ticketId)
    .execute()
}

/** They belong to this ticket from now on. */
export async function moveSignals(tx: Tx, ids: readonly string[], ticketId: string): Promise<void> {
  await tx.updateTable('signals').set({ ticket_id: ticketId }).where('id', 'in', ids).execute()
}

/** Puts a trouble of the collector's own on the work list in the transaction of what brought it about: neither is kept without the other. */
export async function raiseWithin(tx: Tx, trouble: OwnTrouble, now: number): Promise<void> {
  await tx.insertInto('signals').values(ownRow(trouble, now)).execute()
}

/** Many of them. */
export async function raiseAllWithin(
  tx: Tx,
  { putRows }: Pick<Store['capabilities'], 'putRows'>,
  troubles: readonly OwnTrouble[],
  now: number,
): Promise<void> {
  const rows = troubles.map((trouble) => ownRow(trouble, now))
  await putRows(tx, 'signals', rows, 'ignore')
}
