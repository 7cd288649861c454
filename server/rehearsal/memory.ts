import { caseOf, type Entry, type TicketCase } from '../pipeline/changes.ts'
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
  const timers = kept.timers.map((timer) => (timer.id === null ? { ...timer, id: newId() } : timer)).sort((a, b) => a.dueAt - b.dueAt)
  return { work: caseOf(ticket, kept.subject, timers), entries }
}
