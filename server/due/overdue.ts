import { fitsKind } from '#shared/domain/signal.ts'
import { endMissedDigests, planAnew } from '../escalate/anew.ts'
import { nextTimeOfDay } from '../escalate/calendar.ts'
import { planDigests } from '../escalate/keep-timers.ts'
import { apply } from '../pipeline/changes.ts'
import { keepCases, type Rules } from '../pipeline/keep.ts'
import { loadCases, loadTickets } from '../pipeline/load.ts'
import type { Store, Tx } from '../store/store.ts'

/** So many tickets are read and written at once. */
const maxGroup = 200

/** Plans anew, in this one transaction, whatever came due while no collector was there. @returns how many timers that were. */
export async function planOverdueAnew(tx: Tx, store: Store, rules: Rules, now: number): Promise<number> {
  const overdue = await tx
    .selectFrom('timers')
    .select(['id', 'ticket_id'])
    .where('due_at', '<=', now)
    .where('fired_at', 'is', null)
    .where('cancelled_at', 'is', null)
    .orderBy('due_at')
    .orderBy('id')
    .execute()
  const ticketIds = [...new Set(overdue.flatMap(({ ticket_id }) => ticket_id ?? []))]
  const shares = new Map(ticketIds.map((id, index) => [id, index / ticketIds.length]))
  for (let from = 0; from < ticketIds.length; from += maxGroup) {
    const tickets = await loadTickets(tx, ticketIds.slice(from, from + maxGroup))
    const cases = (await loadCases(tx, tickets)).map((work) =>
      apply(work, planAnew(work, rules.owedOf(work), rules.planOf(work), fitsKind, shares.get(work.ticket.id) ?? 0, now), now),
    )
    await keepCases(tx, store.capabilities, rules, cases, now)
  }
  await planDigestsAnew(tx, store, rules, now)
  return overdue.length
}

async function planDigestsAnew(tx: Tx, { capabilities }: Store, { matrix }: Rules, now: number): Promise<void> {
  const ids = await endMissedDigests(tx, now)
  if (ids.length === 0) return
  const organisations = await tx.selectFrom('organisations').select(['id', 'time_zone']).where('id', 'in', ids).execute()
  const digests = organisations.map(({ id, time_zone }) => ({ organisationId: id, dueAt: nextTimeOfDay(now, matrix.digest.at, time_zone) }))
  await planDigests(tx, capabilities.putRows, digests, now)
}
