import { comparePriority, type Priority } from '#shared/domain/priority.ts'
import { minutes } from '#shared/domain/time.ts'
import { planOwn } from '../escalate/keep-timers.ts'
import type { Notice } from '../notify/notify.ts'
import type { TicketCase } from '../pipeline/changes.ts'
import type { Store, Tx } from '../store/store.ts'
import type { TimersTable } from '../store/tables/escalate.ts'

/*
 * What came due while no collector was there takes effect when one is, each timer once. But nobody wants a thousand
 * notices of what should have been said yesterday: of what fires this late an organisation hears in one notice a minute,
 * with counts and what presses most. The minute is a timer of its own, so a crash loses none of it.
 */

/** Later than any busy minute makes a timer. */
const lateMs = minutes(10)
const bundleMs = minutes(1)
const maxTickets = 20

/** It was missed. What asks whether to isolate is about now, however late. */
export const isMissed = ({ kind, due_at }: Pick<TimersTable, 'kind' | 'due_at'>, now: number): boolean =>
  kind !== 'ask-due' && now - due_at > lateMs

interface Bundle {
  organisationId: string
  /** Of storms, whose titles come from several customers. */
  isProviders: boolean
  /** When the first of it was due. */
  from: number
  counts: Record<string, number>
  tickets: { id: string; number: number; title: string; priority: Priority; team: string; what: string[] }[]
  ticketCount: number
}

/** Puts what became of missed timers into its organisation's next notice. @returns when those come. */
export async function bundleMissed(
  tx: Tx,
  { putRows }: Store['capabilities'],
  cases: readonly TicketCase[],
  from: number,
  now: number,
): Promise<number[]> {
  const dueAt = (Math.floor(now / bundleMs) + 1) * bundleMs
  const told = cases.filter(({ entries }) => entries.length > 0)
  const bundles = Map.groupBy(told, ({ ticket }) => `${ticket.gathers === 'storm' ? 'storms-' : ''}${ticket.organisation_id}`)
  for (const [name, theirs] of bundles) {
    const id = `caught-up-${name}-${dueAt}`
    const before = await tx.selectFrom('timers').select('payload').where('id', '=', id).executeTakeFirst()
    const bundle = theirs.reduce(withCase, before && (JSON.parse(before.payload) as Bundle))
    await planOwn(tx, putRows, { id, kind: 'caught-up', dueAt, payload: JSON.stringify({ from, ...bundle }) }, now)
  }
  return bundles.size === 0 ? [] : [dueAt]
}

const emptyOf = ({ ticket }: TicketCase): Omit<Bundle, 'from'> => ({
  ...{ organisationId: ticket.organisation_id, isProviders: ticket.gathers === 'storm', counts: {}, tickets: [], ticketCount: 0 },
})

type Told = Omit<Bundle, 'from'> & Partial<Pick<Bundle, 'from'>>

function withCase(before: Told | undefined, work: TicketCase): Told {
  const { ticket, entries } = work
  const bundle = before ?? emptyOf(work)
  const what = entries.map(({ kind }) => kind)
  const counts = { ...bundle.counts }
  for (const kind of what) counts[kind] = (counts[kind] ?? 0) + 1
  const { id, number, title, priority, team } = ticket
  const tickets = [...bundle.tickets, { id, number, title, priority, team, what }].sort((a, b) => comparePriority(a.priority, b.priority))
  return { ...bundle, counts, tickets: tickets.slice(0, maxTickets), ticketCount: bundle.ticketCount + 1 }
}

/** The bundle's own timer is due. */
export function noticeOfMissed(payload: string): Notice {
  const { organisationId, isProviders, ...rest } = JSON.parse(payload) as Bundle
  return { event: 'caught-up', organisationId, isProviders, ticketId: null, body: { organisationId, ...rest } }
}
