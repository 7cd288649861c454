import { caseOf, type Entry, type TicketCase, type Timer } from '../pipeline/changes.ts'
import { type Rules, reviewed } from '../pipeline/keep.ts'
import { toldOf } from '../ticket/ticket.ts'

/** What a transaction would have left behind. */
export interface Remembered {
  /** As the next decision finds it. */
  work: TicketCase
  /** What was written on its timeline. */
  entries: readonly Entry[]
}

/** Keeps a decided case as keep.ts does with rows, and writes nothing. @param newId names timers. */
export function remember(decided: TicketCase, rules: Rules, now: number, newId: () => string): Remembered {
  const kept = reviewed(decided, rules, now)
  const { ticket, entries } = toldOf(kept)
  return { work: caseOf(ticket, kept.subject, named(kept.timers, newId)), entries }
}

const named = (timers: readonly Timer[], newId: () => string): Timer[] =>
  timers.map((timer) => (timer.id === null ? { id: newId(), kind: timer.kind, dueAt: timer.dueAt } : timer)).sort(byDueAt)

const byDueAt = (a: Timer, b: Timer): number => a.dueAt - b.dueAt
