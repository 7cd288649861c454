import type { Compilable, Insertable, RawBuilder, Selectable, Transaction } from 'kysely'
import type { Database } from './schema.ts'

/** What happens to a row that is there already. `whereAtLeast`: it is replaced only by one that has no less in this column. */
export type Conflict = 'ignore' | { replaceWhere: readonly string[]; whereAtLeast?: string }

/** The columns of a list of values, by name. */
export type Listed = Record<string, 'text' | 'bigint'>

/** Columns to write, and the one by which a row is found. */
export interface RowUpdate {
  set: readonly string[]
  by: string
}

/** A trigger behind a change. */
export interface Following {
  name: string
  /** `insert on commands`, `update on commands`. */
  event: string
  /** Of `old` and `new`. */
  when?: string
  statement: string
}

/** Where databases differ, by name. Nobody asks which database it is. */
export interface Capabilities {
  /** Fragments of SQL for `create table`. */
  ddl: {
    /** A key that the database counts up by itself, in order of insertion. */
    countedKey: string
    /** Keeps rows in the order of their primary key, where that can be had. */
    keyOrdered: string
    /** Whoever tries one of these acts on a row of the table is refused with this sentence, and so is emptying it. */
    refusing(table: string, acts: readonly ('update' | 'delete')[], sentence: string): string[]
    /** Runs the statement in the transaction of each change of a row; it sees `new`. */
    following(change: Following): string[]
  }
  /**
   * The hottest inserts, past the query builder: many rows, one column list (the keys of the first row). Like the others
   * below it may come back before the database has seen it; what fails then fails the transaction, at the latest its commit.
   * `replaceWhere` names the unique key by which an existing row is overwritten; a batch may hold each key once.
   * `counted` is told how many rows were written, before the transaction's commit returns.
   */
  putRows<Table extends keyof Database>(
    tx: Transaction<Database>,
    table: Table,
    rows: readonly Insertable<Database[Table]>[],
    conflict: Conflict,
    counted?: (written: number) => void,
  ): Promise<void>
  /** A statement that is waited for by nobody, such as tidying up behind a write. */
  post(tx: Transaction<Database>, statement: Compilable): Promise<void>
  /** Deletes the rows that have these values: many at once, past the query builder. */
  dropRows<Table extends keyof Database>(
    tx: Transaction<Database>,
    table: Table,
    rows: readonly Partial<Selectable<Database[Table]>>[],
  ): Promise<void>
  /** Many rows, found by the key `by`, get values of their own in the columns `set`. */
  updateRows<Table extends keyof Database>(
    tx: Transaction<Database>,
    table: Table,
    rows: readonly Partial<Selectable<Database[Table]>>[],
    how: RowUpdate,
  ): Promise<void>
  /** The same, only where the column `whileNull` is null still; where one isn't, the transaction fails with the sentence `otherwise`. */
  claimRows<Table extends keyof Database>(
    tx: Transaction<Database>,
    table: Table,
    rows: readonly Partial<Selectable<Database[Table]>>[],
    how: RowUpdate & { whileNull: string; otherwise: string },
  ): Promise<void>
  /** Values as a table of a query, to be given a name: the query's text, and so its plan, is the same however many there are. */
  listed(columns: Listed, rows: readonly Record<string, string | number>[]): RawBuilder<unknown>
  /** The database's own trouble (disk full, away, locked), not that of what was to be written: later it may go. */
  isStoreTrouble(error: unknown): boolean
}

/** A property of an error that may be anything. */
export const propertyOf = (error: unknown, name: string): unknown =>
  error instanceof Error && name in error ? Reflect.get(error, name) : undefined

/** `on conflict …` as both databases read it. */
export function conflictClause(table: string, columns: readonly string[], conflict: Conflict): string {
  if (conflict === 'ignore') return 'on conflict do nothing'
  const { replaceWhere, whereAtLeast } = conflict
  const changed = columns.filter((column) => !replaceWhere.includes(column))
  const update = `do update set ${changed.map((column) => `${column} = excluded.${column}`).join(', ')}`
  const condition = whereAtLeast === undefined ? '' : ` where excluded.${whereAtLeast} >= ${table}.${whereAtLeast}`
  return `on conflict (${replaceWhere.join(', ')}) ${update}${condition}`
}
