import type { Changes, TicketCase, Timer } from '../pipeline/changes.ts'
import type { Matrix } from '../route/matrix.ts'
import type { Tx } from '../store/store.ts'
import { quietMsOf } from './escalate.ts'
import type { Owed } from './promise.ts'
import { wordEvery } from './word.ts'

/*
 * Timers that came due while a collector was lost: a restored one doesn't know what was done meanwhile, so none of them
 * takes effect at once. Each is planned anew as if what it waits for began now, which is how long the matrix gives people
 * to look; the deadline that was promised stays on the ticket, and is said to be broken once the new time is over too.
 */

type Plan = NonNullable<Changes['plan']>
type Fits = (pattern: string, kind: string) => boolean

/**
 * What is overdue on one ticket (pure).
 * @param share 0 ≤ share < 1, rising from ticket to ticket: the new instants are spread over as long again, or all that
 * was missed would page at once, only later.
 */
export function planAnew(work: TicketCase, owed: Owed, matrix: Matrix, fits: Fits, share: number, now: number): Changes {
  const overdue = work.timers.filter(({ dueAt }) => dueAt <= now)
  const plan = overdue.flatMap((timer): Plan => {
    const afterMs = afterOf(timer, work, owed, matrix, fits)
    if (afterMs === undefined) return []
    const spreadMs = Math.round(afterMs * (1 + share))
    const dueAt = timer.kind === 'quiet-clear' ? now + spreadMs : owed.calendar.addWorkingTime(now, spreadMs)
    return [{ kind: timer.kind, dueAt }]
  })
  return { plan, cancel: overdue.map(({ kind }) => kind) }
}

/** How long from now; undefined: never again. */
function afterOf({ kind }: Timer, work: TicketCase, owed: Owed, matrix: Matrix, fits: Fits): number | undefined {
  const { ticket } = work
  switch (kind) {
    // Whether it was kept is not known: first somebody has the time in which the matrix wants an answer.
    case 'respond-due':
    case 'resolve-due':
      return owed.respondMs
    // Whoever had it may have gone on with it: a whole box, before it moves.
    case 'time-box':
      return matrix.timeBoxes[ticket.team]?.[ticket.priority]?.box
    // Nobody has heard the agent since: it may be true again.
    case 'quiet-clear':
      return quietMsOf(ticket.kind, matrix.quiet, fits)
    // Somebody may have it by now: first there is time to say so.
    case 'page':
    case 'review':
      return matrix.review[ticket.priority]
    case 'storm-calm':
      return matrix.gathering.storm.calm.for
    // Whoever was waited for may have answered meanwhile: people get the time of a review to find that out.
    case 'wait-due':
      return matrix.review[ticket.priority]
    // Whoever asked has heard nothing of us meanwhile.
    case 'word':
      return wordEvery(work, matrix)
    // A question that would have answered itself is asked anew, without an end (restored.ts); a digest has no ticket.
    // Reminders of what was missed are for a desk that was there.
    case 'ask-due':
    case 'digest':
    case 'caught-up':
    case 'promise-share':
    case 'untouched':
    case 'children':
    case 'absence':
    case 'stop-over':
    case 'replan':
    case 'window':
    case 'held-over':
      return undefined
  }
}

/** Ends digests that were missed; what stands in them goes into the next. @returns whose they were. */
export async function endMissedDigests(tx: Tx, now: number): Promise<string[]> {
  const missed = await tx
    .updateTable('timers')
    .set({ cancelled_at: now })
    .where('kind', '=', 'digest')
    .where('due_at', '<=', now)
    .where('fired_at', 'is', null)
    .where('cancelled_at', 'is', null)
    .returning('payload')
    .execute()
  return [...new Set(missed.map(({ payload }) => (JSON.parse(payload) as { organisationId: string }).organisationId))]
}
