import { isOpen } from '#shared/domain/ticket.ts'
import type { Changes, TicketCase } from '../pipeline/changes.ts'
import type { Matrix } from '../route/matrix.ts'
import type { Owed } from './promise.ts'

/*
 * Whoever asked hears something at least this often, in the hours of the promise: a word that was said for another reason
 * starts the time anew. What waits, or is kept under another ticket, owes none.
 */

interface Hearing {
  /** The requester can be told at all. */
  canHear: boolean
  /** They are told something in this transaction. */
  hears(): boolean
}

/** The last word of a transaction, on what it left of the ticket (pure). */
export function keepWord(
  work: TicketCase,
  { canHear, hears }: Hearing,
  owed: () => Owed,
  { reminders }: Pick<Matrix, 'reminders'>,
  now: number,
): Changes {
  const planned = work.timers.find(({ kind }) => kind === 'word')
  const { ticket } = work
  const every = wordEvery(work, { reminders })
  if (!canHear || every === undefined || !isOpen(ticket.status) || ticket.status === 'waiting' || ticket.parent_id !== null)
    return planned ? { cancel: ['word'] } : {}
  const dueAt = owed().calendar.addWorkingTime(now, every)
  return !planned || hears() || dueAt < planned.dueAt ? { plan: [{ kind: 'word', dueAt }] } : {}
}

/** Working time; undefined: their priority owes none. Only how soon they hear is a VIP's, never their priority. */
export function wordEvery(
  { ticket, subject }: Pick<TicketCase, 'ticket' | 'subject'>,
  { reminders }: Pick<Matrix, 'reminders'>,
): number | undefined {
  const every = reminders.requester[ticket.priority]
  return every === undefined || !subject.requester?.vip ? every : Math.round(every * reminders.vipShare)
}

/** It is time: what stands on the ticket now is told. */
export const sayWord = (): Changes => ({
  entries: [{ kind: 'reminded', actor: 'system', body: { what: 'word', tell: 'requester', page: false } }],
})
