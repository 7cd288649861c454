import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import { nothing, type Outcome, type Step } from './step.ts'

/** Statements kept prepared. More than the collector has shapes of queries; lists of values add some. */
const maxPrepared = 500

interface Prepared {
  statement: StatementSync
  columns: readonly string[]
}

/** One `node:sqlite`, which runs steps. It blocks whoever calls it, so it lives in a thread of its own. */
export interface SqliteConnection {
  run(step: Step): Outcome
  /** Whatever a failed commit left open. */
  endTransaction(): void
}

export function connectSqlite(file: string, { readOnly }: { readOnly: boolean }): SqliteConnection {
  const database = new DatabaseSync(file, { readOnly, timeout: 5_000, enableForeignKeyConstraints: true })
  if (!readOnly) makeDurable(database)
  const prepared = createCache(database)
  const commit = (): Outcome => {
    prepared('commit').statement.run()
    return query(prepared('pragma wal_checkpoint(noop)'), [])
  }
  const endTransaction = (): void => {
    if (database.isTransaction) prepared('rollback').statement.run()
  }
  const run = (step: Step): Outcome => {
    switch (step.kind) {
      case 'run':
        return query(prepared(step.sql), step.values)
      case 'rows':
        return runEach(prepared(step.sql).statement, step)
      case 'commit':
        return commit()
      case 'rollback':
        endTransaction()
        return nothing
      case 'close':
        database.close()
        return nothing
    }
  }
  return { run, endTransaction }
}

/** A commit that returned has been fsynced; a reader never blocks the writer. Checkpoints are the checkpointer's. */
function makeDurable(database: DatabaseSync): void {
  database.exec('pragma journal_mode = wal')
  database.exec('pragma synchronous = full')
  database.exec('pragma wal_autocheckpoint = 0')
  // A log that grew beyond this is cut when it begins anew.
  database.exec('pragma journal_size_limit = 67108864')
  // 64 MiB: the indexes of the last hours stay in memory.
  database.exec('pragma cache_size = -65536')
}

function createCache(database: DatabaseSync): (sql: string) => Prepared {
  const cache = new Map<string, Prepared>()
  return (sql) => {
    const known = cache.get(sql) ?? prepare(database, sql)
    cache.delete(sql)
    cache.set(sql, known)
    if (cache.size > maxPrepared) forgetOldest(cache)
    return known
  }
}

function prepare(database: DatabaseSync, sql: string): Prepared {
  const statement = database.prepare(sql)
  statement.setReturnArrays(true)
  return { statement, columns: statement.columns().map(({ name }) => name) }
}

function query({ statement, columns }: Prepared, values: readonly unknown[]): Outcome {
  const parameters = values as readonly SQLInputValue[]
  if (columns.length === 0) return { ...nothing, changes: Number(statement.run(...parameters).changes) }
  return { ...nothing, columns, values: statement.all(...parameters).flat() }
}

function runEach(statement: StatementSync, { values, width, otherwise }: Extract<Step, { kind: 'rows' }>): Outcome {
  let changes = 0
  for (let start = 0; start < values.length; start += width) {
    changes += Number(statement.run(...(values.slice(start, start + width) as SQLInputValue[])).changes)
  }
  if (otherwise !== undefined && changes !== values.length / width) throw new Error(otherwise)
  return { ...nothing, changes }
}

function forgetOldest(prepared: Map<string, unknown>): void {
  const [oldest] = prepared.keys()
  if (oldest !== undefined) prepared.delete(oldest)
}
