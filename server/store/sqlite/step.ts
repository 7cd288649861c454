/*
 * What passes between the collector's thread and SQLite's. Rows go as one flat list of values, row after row: cloned from
 * thread to thread that costs 2 µs a row of 20 columns on both sides together; as objects 5, as JSON text 3.
 */

/** `rows`: the statement is run once for each `width` of the values; with `otherwise`, each must change a row, or that is the error. */
export type Step =
  | { kind: 'run'; sql: string; values: readonly unknown[] }
  | { kind: 'rows'; sql: string; values: readonly unknown[]; width: number; otherwise?: string }
  | { kind: 'commit' }
  | { kind: 'rollback' }
  | { kind: 'close' }

/** Done in order until one fails. A request with a commit in it leaves no transaction open, whatever happens. */
export interface Request {
  id: number
  steps: readonly Step[]
}

/** What the last step of a request brought. */
export interface Outcome {
  /** Empty: it was no query. */
  columns: readonly string[]
  values: readonly unknown[]
  /** Rows that it changed. */
  changes: number
  /** Rows that those before it changed, each in its place. */
  before?: readonly number[]
}

/** An error, as far as it survives the way between threads. */
export interface Problem {
  name: string
  message: string
  code?: unknown
  /** SQLite's result code. */
  errcode?: unknown
}

/** `at`: which step failed. */
export type Answer = { id: number; outcome: Outcome } | { id: number; at: number; problem: Problem }

export const nothing: Outcome = { columns: [], values: [], changes: 0 }

/**
 * V8 makes a slow dictionary of an object that gets many properties one after the other: a ticket's row takes three times
 * as long to fill and ten times as long to copy. A copy of a blank row has them all from the beginning.
 */
export function rowsOf({ columns, values }: Outcome): Record<string, unknown>[] {
  const blank = { ...Object.fromEntries(columns.map((column): [string, unknown] => [column, null])) }
  const rows: Record<string, unknown>[] = []
  for (let start = 0; start < values.length; start += columns.length) {
    const row = { ...blank }
    for (const [place, column] of columns.entries()) row[column] = values[start + place]
    rows.push(row)
  }
  return rows
}
