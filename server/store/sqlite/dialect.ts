import { type Dialect, type Driver, type QueryResult, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from 'kysely'
import { type Outcome, rowsOf } from './step.ts'

/** Kysely's own SQLite, but for who runs its queries. */
export function dialectOf(driver: Driver): Dialect {
  return {
    createDriver: () => driver,
    createQueryCompiler: () => new SqliteQueryCompiler(),
    createAdapter: () => new ThreadAdapter(),
    createIntrospector: (db) => new SqliteIntrospector(db),
  }
}

/** The drivers take care of their one connection themselves, so Kysely needs no lock around it. */
class ThreadAdapter extends SqliteAdapter {
  override get supportsMultipleConnections(): boolean {
    return true
  }

  /** SQLite rolls `create table` back like anything else: a migration happens wholly or not at all. */
  override get supportsTransactionalDdl(): boolean {
    return true
  }
}

export function resultOf<Row>(outcome: Outcome): QueryResult<Row> {
  if (outcome.columns.length > 0) return { rows: rowsOf(outcome) as Row[] }
  return { rows: [], numAffectedRows: BigInt(outcome.changes) }
}
