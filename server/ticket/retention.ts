import { type ExpressionBuilder, sql } from 'kysely'
import type { Database } from '../store/schema.ts'
import type { Tx } from '../store/store.ts'

/*
 * Which tickets are over for good, and their end with their timelines. Nothing open goes, and nothing that something else
 * still stands on: a machine that is cut off, or whose word about that is awaited after a restore, unless it was removed as
 * long ago; a command under way; a ticket that names this one, or is named by it and open; an exception in force, a signal
 * that waits, a mail that somebody must read. The newest ticket of all stays too: the next one's number is counted from it.
 */

const maxTickets = 50
/** Of signals and lines together: what one transaction takes; a single ticket may have more. */
const maxRows = 1_000

/** The longest closed first. @returns their ids, as many as fit into a transaction. */
export async function overTickets(tx: Tx, organisationId: string, before: number, now: number): Promise<string[]> {
  const rows = await tx
    .selectFrom('tickets')
    .select('tickets.id')
    .select(({ selectFrom }) => [
      selectFrom('signals').select(countOf).whereRef('signals.ticket_id', '=', 'tickets.id').as('signals'),
      selectFrom('timeline').select(countOf).whereRef('timeline.ticket_id', '=', 'tickets.id').as('lines'),
    ])
    .where('tickets.organisation_id', '=', organisationId)
    .where('tickets.resolved_at', '<', before)
    .where('tickets.status', '=', 'resolved')
    .where('tickets.number', '<', ({ selectFrom }) => selectFrom('tickets as each').select(({ fn }) => fn.max('each.number').as('newest')))
    .where((about) => about.not(about.or([...othersOf(about), ...standingOn(about, before, now)])))
    .orderBy('tickets.resolved_at')
    .limit(maxTickets)
    .execute()
  let taken = 0
  return rows.flatMap(({ id, signals, lines }) => {
    const isFirst = taken === 0
    taken += 1 + Number(signals) + Number(lines)
    return isFirst || taken <= maxRows ? [id] : []
  })
}

const countOf = sql<number>`count(*)`.as('count')

type About = ExpressionBuilder<Database, 'tickets'>

/** Those that name it, whatever their state, so that none names what is gone; and those that it names, while they are open. */
const othersOf = ({ exists, selectFrom }: About) =>
  (['parent_id', 'follows_id', 'problem_id'] as const).flatMap((by) => [
    exists(
      selectFrom('tickets as other').select('other.id').whereRef(`other.${by}`, '=', 'tickets.id').whereRef('other.id', '!=', 'tickets.id'),
    ),
    exists(
      selectFrom('tickets as other').select('other.id').whereRef('other.id', '=', `tickets.${by}`).where('other.resolved_at', 'is', null),
    ),
  ])

const standingOn = ({ exists, selectFrom }: About, before: number, now: number) => [
  exists(
    selectFrom('endpoints')
      .leftJoin('isolations', 'isolations.endpoint_id', 'endpoints.id')
      .select('endpoints.id')
      .whereRef('endpoints.id', '=', 'tickets.endpoint_id')
      .where(({ eb, or }) => or([eb('endpoints.removed_at', 'is', null), eb('endpoints.removed_at', '>=', before)]))
      .where(({ eb, or }) =>
        or([
          eb('endpoints.word_awaited_since', 'is not', null),
          eb('isolations.desired', '!=', 'open'),
          eb('isolations.actual', '!=', 'open'),
        ]),
      ),
  ),
  exists(
    selectFrom('commands').select('commands.id').whereRef('commands.ticket_id', '=', 'tickets.id').where('commands.settled_at', 'is', null),
  ),
  exists(
    selectFrom('noise_exceptions as noise')
      .select('noise.id')
      .whereRef('noise.ticket_id', '=', 'tickets.id')
      .where('noise.ended_at', 'is', null)
      .where('noise.until_at', '>', now),
  ),
  exists(
    selectFrom('suppressed_signals as held')
      .select('held.signal_id')
      .whereRef('held.by_id', '=', 'tickets.id')
      .where('held.ended_at', 'is', null),
  ),
  exists(selectFrom('mails').select('mails.id').whereRef('mails.ticket_id', '=', 'tickets.id').where('mails.status', '=', 'held')),
]

/** Last of all that hangs on them. @returns how many lines their timelines had. */
export async function endTickets(tx: Tx, ids: readonly string[]): Promise<number> {
  const lines = await tx.deleteFrom('timeline').where('ticket_id', 'in', ids).executeTakeFirst()
  await tx.deleteFrom('tickets').where('id', 'in', ids).execute()
  return Number(lines.numDeletedRows)
}
