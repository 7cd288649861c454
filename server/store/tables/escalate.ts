export type TimerKind =
  | 'time-box'
  | 'respond-due'
  | 'resolve-due'
  | 'promise-share'
  | 'untouched'
  | 'word'
  | 'wait-due'
  | 'quiet-clear'
  | 'ask-due'
  | 'review'
  | 'digest'
  | 'caught-up'
  | 'page'
  | 'absence'
  | 'stop-over'
  | 'replan'
  | 'window'
  | 'held-over'
  | 'storm-calm'
  | 'children'
/** Fired exactly once: the row is marked in the transaction of its effect. */
export interface TimersTable {
  id: string
  /** null for timers of the collector itself (the daily digest). */
  ticket_id: string | null
  kind: TimerKind
  due_at: number
  /** JSON object. */
  payload: string
  created_at: number
  fired_at: number | null
  /** An id of when it was taken, by which it stands before or after the lines of timelines of that instant. */
  fired_turn: string | null
  cancelled_at: number | null
}

export interface EscalateTables {
  timers: TimersTable
}
