import { CompiledQuery, Kysely, PostgresDialect, sql } from 'kysely'
import pg from 'pg'
import { Fault, sentenceOf } from '#shared/domain/fault.ts'
import { type Capabilities, conflictClause, propertyOf, type RowUpdate } from '../capabilities.ts'
import type { Database } from '../schema.ts'
import type { Connections, Reading } from '../store.ts'

/** Ingest, pipeline and a handful of people's acts at once; the rest waits its turn. */
const maxWriters = 8
const maxReaders = 4
/** A database that is away is an answer too. */
const connectionTimeoutMillis = 10_000

export async function open(url: string): Promise<Connections> {
  const writers = new pg.Pool({ connectionString: url, max: maxWriters, types, connectionTimeoutMillis })
  outlive(writers)
  await reach(writers, url)
  const db = new Kysely<Database>({ dialect: new PostgresDialect({ pool: writers }) })
  const { reader, close } = openReading(url)
  return {
    db,
    reader,
    // Connections enough, and none that is read-only by default is needed.
    deskReader: db,
    capabilities,
    close: async () => {
      await close()
      await db.destroy()
    },
  }
}

export function openReading(url: string): Reading {
  const readOnly = '-c default_transaction_read_only=on'
  const pool = new pg.Pool({ connectionString: url, max: maxReaders, types, connectionTimeoutMillis, options: readOnly })
  outlive(pool)
  const reader = new Kysely<Database>({ dialect: new PostgresDialect({ pool }) })
  return { reader, close: () => reader.destroy() }
}

/**
 * A connection that is lost while idle, or between two statements of a transaction, says so by an event that would end the
 * process; the next query opens another one, or fails and says what is wrong.
 */
function outlive(pool: pg.Pool): void {
  pool.on('error', () => undefined)
  pool.on('connect', (client) => client.on('error', () => undefined))
}

async function reach(pool: pg.Pool, url: string): Promise<void> {
  try {
    await pool.query('select 1')
  } catch (error) {
    await pool.end()
    const sentence = `The database at ${placeOf(url)} can't be reached: ${sentenceOf(error)}.`
    throw new Fault('database-unavailable', sentence, { cause: error, isRetryable: absences.has(propertyOf(error, 'code')) })
  }
}

/** It may be about to start, or to end: nobody listens, it hung up, it takes nobody yet. */
const absences = new Set<unknown>(['ECONNREFUSED', 'ECONNRESET', '57P03'])

/** host:port/name, without user and password. */
function placeOf(url: string): string {
  const parsed = URL.parse(url)
  return parsed ? `${parsed.host}${parsed.pathname}` : 'its URL'
}

const int8 = 20

/** Epoch milliseconds and counts fit a JavaScript number until the year 287396. */
const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
    oid === int8 ? Number : pg.types.getTypeParser(oid, format as 'text')) as pg.CustomTypesConfig['getTypeParser'],
}

/** Classes of SQLSTATE: connection, rollback, resources, operator, system, internal. */
const troubleState = /^(08|40|53|57|58|XX)...$/
const connectionLost = /^(Connection terminated|timeout exceeded|Client has encountered a connection error)/

const capabilities: Capabilities = {
  ddl: {
    countedKey: 'bigint generated always as identity primary key',
    keyOrdered: '',
    refusing: (table, acts, sentence) => [
      `create function ${table}_refuses() returns trigger language plpgsql as $$ begin raise exception '${sentence}'; end $$`,
      `create trigger ${table}_no_change before ${acts.join(' or ')} on ${table} for each row execute function ${table}_refuses()`,
      `create trigger ${table}_no_truncate before truncate on ${table} for each statement execute function ${table}_refuses()`,
    ],
    following: ({ name, event, when, statement }) => [
      `create function ${name}() returns trigger language plpgsql as $$ begin ${statement}; return null; end $$`,
      `create trigger ${name} after ${event} for each row ${when === undefined ? '' : `when (${when})`} execute function ${name}()`,
    ],
  },
  // One parameter however many rows there are; the table itself names the types.
  putRows: async (tx, table, rows, conflict, counted) => {
    const [first] = rows
    if (!first) return
    const columns = Object.keys(first)
    const list = columns.join(', ')
    const insert = `insert into ${table} (${list}) select ${list} from json_populate_recordset(null::${table}, $1) ${conflictClause(table, columns, conflict)}`
    const { numAffectedRows } = await tx.executeQuery(CompiledQuery.raw(insert, [JSON.stringify(rows)]))
    counted?.(Number(numAffectedRows))
  },
  post: async (tx, statement) => {
    await tx.executeQuery(statement.compile())
  },
  dropRows: async (tx, table, rows) => {
    const [first] = rows
    if (!first) return
    const same = Object.keys(first).map((column) => `${table}.${column} = gone.${column}`)
    const remove = `delete from ${table} using json_populate_recordset(null::${table}, $1) as gone where ${same.join(' and ')}`
    await tx.executeQuery(CompiledQuery.raw(remove, [JSON.stringify(rows)]))
  },
  updateRows: async (tx, table, rows, how) => {
    if (rows.length > 0) await tx.executeQuery(updateOf(table, rows, how))
  },
  claimRows: async (tx, table, rows, how) => {
    if (rows.length === 0) return
    const { numAffectedRows } = await tx.executeQuery(updateOf(table, rows, how, ` and ${table}.${how.whileNull} is null`))
    if (Number(numAffectedRows) !== rows.length) throw new Error(how.otherwise)
  },
  listed: (columns, rows) => {
    const taken = sql.join(Object.entries(columns).map(([name, type]) => sql`${sql.ref(name)} ${sql.raw(type)}`))
    return sql`(select * from json_to_recordset(${JSON.stringify(rows)}::json) as list (${taken}))`
  },
  isStoreTrouble: (error) =>
    troubleState.test(String(propertyOf(error, 'code'))) ||
    propertyOf(error, 'syscall') !== undefined ||
    connectionLost.test(String(propertyOf(error, 'message'))),
}

function updateOf(table: string, rows: readonly unknown[], { set, by }: RowUpdate, guard = ''): CompiledQuery {
  const update = `update ${table} set ${set.map((column) => `${column} = given.${column}`).join(', ')}
    from json_populate_recordset(null::${table}, $1) given where ${table}.${by} = given.${by}${guard}`
  return CompiledQuery.raw(update, [JSON.stringify(rows)])
}
