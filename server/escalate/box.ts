import type { Changes, TicketCase } from '../pipeline/changes.ts'
import type { Matrix } from '../route/matrix.ts'
import type { Owed } from './promise.ts'

/** When the box of the ticket's team is over if it starts `from` now on; undefined: it has none, or one that starts otherwise. */
export function boxEnd(
  start: 'arrival' | 'work',
  { ticket }: Pick<TicketCase, 'ticket'>,
  owed: Owed,
  { timeBoxes }: Pick<Matrix, 'timeBoxes'>,
  from: number,
): number | undefined {
  const box = timeBoxes[ticket.team]?.[ticket.priority]
  const begins = box?.from === 'untaken' ? 'arrival' : box?.from
  return box && begins === start ? owed.boxCalendar.addWorkingTime(from, box.box) : undefined
}

/** The same as a timer. */
export function boxFrom(
  start: 'arrival' | 'work',
  work: Pick<TicketCase, 'ticket'>,
  owed: Owed,
  matrix: Pick<Matrix, 'timeBoxes'>,
  now: number,
): NonNullable<Changes['plan']> {
  const dueAt = boxEnd(start, work, owed, matrix, now)
  return dueAt === undefined ? [] : [{ kind: 'time-box', dueAt }]
}
