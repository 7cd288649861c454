import { closeSync, openSync } from 'node:fs'
import type { SQLInputValue } from 'node:sqlite'
import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  Kysely,
  SqliteAdapter,
  SqliteDriver,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely'
import { Fault, sentenceOf } from '#shared/domain/fault.ts'
import { type Capabilities, conflictClause, propertyOf } from '../capabilities.ts'
import type { Database } from '../schema.ts'
import { connectSqlite, type SqliteConnection } from '../sqlite/connection.ts'
import { readerDialect } from '../sqlite/reader.ts'
import type { Connections } from '../store.ts'

/** One file, readable by its owner only; WAL and shared memory lie beside it with the same mode. */
export async function openSqlite(file: string): Promise<Connections> {
  const connection = open(file)
  const db = new Kysely<Database>({ dialect: writerDialect(connection) })
  const reader = new Kysely<Database>({ dialect: readerDialect(file) })
  return {
    db,
    reader,
    capabilities: capabilitiesOf(connection),
    close: async () => {
      await reader.destroy()
      await db.destroy()
    },
  }
}

function open(file: string): SqliteConnection {
  try {
    closeSync(openSync(file, 'a', 0o600))
    return connectSqlite(file, { readOnly: false })
  } catch (error) {
    throw new Fault('database-unavailable', `The database ${file} can't be opened: ${sentenceOf(error)}.`, { cause: error })
  }
}

function writerDialect(connection: SqliteConnection): Dialect {
  return {
    createDriver: () => new ImmediateDriver(connection),
    createQueryCompiler: () => new SqliteQueryCompiler(),
    createAdapter: () => new TransactionalAdapter(),
    createIntrospector: (db) => new SqliteIntrospector(db),
  }
}

/** Takes the write lock at once, so that a second process (a command line) makes it wait and never fail half way. */
class ImmediateDriver extends SqliteDriver {
  readonly #database: SqliteConnection

  constructor(database: SqliteConnection) {
    super({ database })
    this.#database = database
  }

  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('begin immediate'))
  }

  /** A full disk has ended it already; what the caller must hear of is the disk, not the rollback. */
  override async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    if (this.#database.isInTransaction()) await super.rollbackTransaction(connection)
  }
}

/** SQLite rolls `create table` back like anything else: a migration happens wholly or not at all. */
class TransactionalAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true
  }
}

/** SQLite's primary result codes that blame the place and not the row. */
const troubles = new Set([
  5, // BUSY
  6, // LOCKED
  7, // NOMEM
  8, // READONLY
  10, // IOERR
  11, // CORRUPT
  13, // FULL
  14, // CANTOPEN
])

function capabilitiesOf(connection: SqliteConnection): Capabilities {
  return {
    ddl: { countedKey: 'integer primary key autoincrement', keyOrdered: 'without rowid' },
    // The transaction is this connection's, so a prepared statement run once a row is inside it: 8 µs each, by
    // position. (By name it takes 20 µs, through one JSON parameter 32.)
    putRows: async (_tx, table, rows, conflict) => {
      const [first] = rows
      if (!first) return
      const columns = Object.keys(first)
      const places = columns.map(() => '?').join(', ')
      const sql = `insert into ${table} (${columns.join(', ')}) values (${places}) ${conflictClause(columns, conflict)}`
      const statement = connection.statement(sql)
      for (const row of rows as readonly Record<string, SQLInputValue>[]) statement.run(...columns.map((column) => row[column] ?? null))
    },
    isStoreTrouble: (error) => troubles.has(Number(propertyOf(error, 'errcode')) & 0xff),
  }
}
