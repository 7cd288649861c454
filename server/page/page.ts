import type { Kysely } from 'kysely'
import { comparePriority, type Priority } from '#shared/domain/priority.ts'
import { isOpen } from '#shared/domain/ticket.ts'
import type { Changes, PutRows, TicketCase } from '../pipeline/changes.ts'
import type { Rung, Whom } from '../route/sections/paging.ts'
import type { Database } from '../store/schema.ts'
import type { Tx } from '../store/store.ts'
import type { PagingsTable } from '../store/tables/page.ts'

/*
 * Enters: a ticket as it will be kept, how far its paging has come, the ladder of its priority, the instant.
 * Leaves: whom to call now, when to look again (one durable timer), and where the paging stands: rows, never memory.
 * Promises: pure but for `keepPagings`, the only writer of its table. The first call is in the transaction that opened the
 * ticket. A P1 calls on and on until somebody acknowledges; from then on nobody is called.
 * Meets: a page that everybody thought somebody else had heard. It stands beside notify and not in it, because it decides
 * whom to call and when, by the clock; notify knows of receivers and deliveries only.
 */

/** How far the paging of a ticket has come. */
export type Paging = PagingsTable

/** When people hear of this ticket, and whether they shall get up for it. */
export interface Hearing {
  at: number
  isPage: boolean
}

export interface Step {
  /** As it stands from now on; undefined: as before. */
  paging?: Paging
  /** Empty: nobody now. */
  call: readonly Whom[]
  isPage: boolean
  /** A rung that it had not reached before. */
  isWider: boolean
  changes: Changes
  /** Whoever still waits to be paged for it is left alone. */
  endsPages: boolean
}

const nothing: Step = { call: [], isPage: false, isWider: false, changes: {}, endsPages: false }

/** Whether this can need a look at how far the paging has come. */
export const mayPage = ({ ticket, timers }: TicketCase, ladder: readonly Rung[]): boolean =>
  ladder.length > 0 ? ticket.status === 'new' || timers.some(isOurs) : timers.some(isOurs)

const isOurs = ({ kind }: TicketCase['timers'][number]): boolean => kind === 'page'

/** What is to be done for this ticket now (pure). */
export function decidePaging(work: TicketCase, before: Paging | undefined, ladder: readonly Rung[], hearing: Hearing, now: number): Step {
  const { ticket } = work
  if (!isOpen(ticket.status) || ticket.status !== 'new' || ladder.length === 0) return ended(work)
  const isAnew = before === undefined || startsAnew(work, before)
  const paging = isAnew ? begun(work, hearing) : before
  const nextAt = isAnew ? paging.since : before.next_at
  if (nextAt === null) return isAnew ? { ...nothing, paging } : nothing
  if (nextAt > now)
    return { ...nothing, ...(isAnew && { paging }), changes: dueAt(work, nextAt), endsPages: isAnew && before !== undefined }
  return { ...climbed(work, paging, ladder, now), endsPages: isAnew && before !== undefined }
}

/** Other people, more pressing, or a new life: the ladder begins at its first rung. */
const startsAnew = ({ ticket }: TicketCase, { team, priority, opened_at }: Paging): boolean =>
  ticket.team !== team || comparePriority(ticket.priority, priority as Priority) < 0 || ticket.in_tier_since > opened_at

const begun = ({ ticket }: TicketCase, { at, isPage }: Hearing): Paging => ({
  ...{ ticket_id: ticket.id, team: ticket.team, priority: ticket.priority, opened_at: ticket.in_tier_since },
  ...{ since: at, is_page: isPage ? 1 : 0, rung: -1, next_at: at },
})

/** After a long silence the rung that it would have reached by now, and no other. */
function climbed(work: TicketCase, paging: Paging, ladder: readonly Rung[], now: number): Step {
  const at = ladder.findLastIndex(({ after }) => paging.since + after <= now)
  const rung = ladder[at]
  if (!rung) return { ...nothing, paging }
  const isPage = paging.is_page === 1
  const later = ladder[at + 1]
  // What is only told is told once: nobody has to get up for it.
  const again = rung.every === undefined || !isPage ? Number.POSITIVE_INFINITY : now + rung.every
  const next = Math.min(again, later ? paging.since + later.after : Number.POSITIVE_INFINITY)
  const nextAt = Number.isFinite(next) ? next : null
  const changes = nextAt === null ? {} : dueAt(work, nextAt)
  return { ...nothing, paging: { ...paging, rung: at, next_at: nextAt }, call: rung.to, isPage, isWider: at > paging.rung, changes }
}

const dueAt = ({ timers }: TicketCase, at: number): Changes =>
  timers.some((timer) => isOurs(timer) && timer.dueAt === at) ? {} : { plan: [{ kind: 'page', dueAt: at }] }

/** Somebody has it, or it is over. */
function ended(work: TicketCase): Step {
  const isAnswered = work.entries.some(({ kind }) => kind === 'acknowledged' || kind === 'resolved')
  return { ...nothing, changes: work.timers.some(isOurs) ? { cancel: ['page'] } : {}, endsPages: isAnswered }
}

export async function loadPagings(from: Kysely<Database>, ticketIds: readonly string[]): Promise<Map<string, Paging>> {
  if (ticketIds.length === 0) return new Map()
  const rows = await from.selectFrom('pagings').selectAll().where('ticket_id', 'in', ticketIds).execute()
  return new Map(rows.map((row) => [row.ticket_id, row]))
}

export const keepPagings = (tx: Tx, putRows: PutRows, pagings: readonly Paging[]): Promise<void> =>
  putRows(tx, 'pagings', pagings, { replaceWhere: ['ticket_id'] })

/** @returns how many ended with these tickets. */
export async function endPagingsOf(tx: Tx, ticketIds: readonly string[]): Promise<number> {
  const ended = await tx.deleteFrom('pagings').where('ticket_id', 'in', ticketIds).executeTakeFirst()
  return Number(ended.numDeletedRows)
}
