import pg from 'pg'
import { openStore } from '../../server/store/store.ts'

/*
 * A database saved at one instant and loaded into another, as pg_dump and pg_restore do it; which are of another version
 * than the server here, where there are any.
 */
export interface PostgresCopy {
  /** JSON of all rows, by table. */
  tables: Map<string, string>
}

export async function savePostgres(url: string): Promise<PostgresCopy> {
  return withClient(url, async (client) => {
    await client.query('begin isolation level repeatable read read only')
    const tables = new Map<string, string>()
    for (const table of await tableNames(client)) {
      const { rows } = await client.query<{ all: string }>(`select coalesce(json_agg(t), '[]')::text as all from "${table}" t`)
      tables.set(table, rows[0]?.all ?? '[]')
    }
    await client.query('commit')
    return { tables }
  })
}

/** Into a new database of the same server. @returns its URL. */
export async function loadPostgres({ tables }: PostgresCopy, url: string, name: string): Promise<string> {
  await withClient(url, async (client) => {
    await client.query(`drop database if exists ${name} with (force)`)
    await client.query(`create database ${name}`)
  })
  const into = new URL(url)
  into.pathname = `/${name}`
  await (await openStore(into.href)).close()
  await withClient(into.href, async (client) => {
    await client.query(
      `begin; set session_replication_role = replica; truncate ${[...tables.keys()].map((table) => `"${table}"`).join(', ')}`,
    )
    for (const [table, rows] of tables) {
      const from = `select * from json_populate_recordset(null::"${table}", $1)`
      await client.query(`insert into "${table}" overriding system value ${from}`, [rows])
    }
    for (const { table, column } of await countedColumns(client)) {
      await client.query(
        `select setval(pg_get_serial_sequence('${table}', '${column}'), (select coalesce(max(${column}), 0) + 1 from ${table}), false)`,
      )
    }
    await client.query('commit')
  })
  return into.href
}

async function tableNames(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ tablename: string }>(`select tablename from pg_tables where schemaname = 'public'`)
  return rows.map(({ tablename }) => tablename)
}

async function countedColumns(client: pg.Client): Promise<{ table: string; column: string }[]> {
  const sql = `select table_name as "table", column_name as "column" from information_schema.columns
    where table_schema = 'public' and is_identity = 'YES'`
  return (await client.query<{ table: string; column: string }>(sql)).rows
}

async function withClient<Result>(url: string, work: (client: pg.Client) => Promise<Result>): Promise<Result> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}
