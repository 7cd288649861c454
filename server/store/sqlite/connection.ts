import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import type { SqliteDatabase, SqliteStatement } from 'kysely'

/** Statements kept prepared. More than the collector has shapes of queries; multi-row inserts add some. */
const maxPrepared = 500

/** `node:sqlite` in the shape Kysely's SQLite driver expects, with a cache of prepared statements. */
export interface SqliteConnection extends SqliteDatabase {
  prepare(sql: string): SqliteStatement
  /** The statement itself, for loops that run it once a row. */
  statement(sql: string): StatementSync
  isInTransaction(): boolean
}

export function connectSqlite(file: string, { readOnly }: { readOnly: boolean }): SqliteConnection {
  const database = new DatabaseSync(file, { readOnly, timeout: 5_000, enableForeignKeyConstraints: true })
  if (!readOnly) makeDurable(database)
  const prepared = new Map<string, { raw: StatementSync; adapted: SqliteStatement }>()
  const lookUp = (sql: string) => {
    const known = prepared.get(sql) ?? adapt(database.prepare(sql))
    prepared.delete(sql)
    prepared.set(sql, known)
    if (prepared.size > maxPrepared) forgetOldest(prepared)
    return known
  }
  return {
    prepare: (sql) => lookUp(sql).adapted,
    statement: (sql) => lookUp(sql).raw,
    isInTransaction: () => database.isTransaction,
    close: () => database.close(),
  }
}

/** A commit that returned has been fsynced; a reader never blocks the writer. */
function makeDurable(database: DatabaseSync): void {
  database.exec('pragma journal_mode = wal')
  database.exec('pragma synchronous = full')
  // 64 MiB: the indexes of the last hours stay in memory.
  database.exec('pragma cache_size = -65536')
}

/**
 * Node's own row objects are V8's slow kind (dictionaries): reading a property takes four times as long, and copying a
 * ticket 12 µs where an ordinary object takes 0.2. So rows are read as arrays and made into objects here.
 */
function adapt(raw: StatementSync): { raw: StatementSync; adapted: SqliteStatement } {
  const values = (parameters: ReadonlyArray<unknown>) => parameters as SQLInputValue[]
  const names = raw.columns().map(({ name }) => name)
  raw.setReturnArrays(true)
  const rowOf = (cells: unknown): Record<string, unknown> => objectOf(names, cells as unknown[])
  return {
    raw,
    adapted: {
      reader: names.length > 0,
      all: (parameters) => raw.all(...values(parameters)).map(rowOf),
      run: (parameters) => raw.run(...values(parameters)),
      *iterate(parameters) {
        for (const cells of raw.iterate(...values(parameters))) yield rowOf(cells)
      },
    },
  }
}

function objectOf(names: readonly string[], cells: readonly unknown[]): Record<string, unknown> {
  const row: Record<string, unknown> = {}
  for (const [index, name] of names.entries()) row[name] = cells[index]
  return row
}

function forgetOldest(prepared: Map<string, unknown>): void {
  const [oldest] = prepared.keys()
  if (oldest !== undefined) prepared.delete(oldest)
}
