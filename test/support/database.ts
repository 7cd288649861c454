import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { copyFile, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import pg from 'pg'
import { openStore } from '../../server/store/store.ts'

/*
 * Which database the suite runs on. By default every test has a SQLite file in its own folder. `npm run test:postgres`
 * starts one PostgreSQL (postgres-suite.ts) and names it in the environment; then every folder has a database of its own
 * there, found again by the folder's name, so a collector that is started again on its folder finds its rows.
 */

/** The variable that names the server: a URL whose user may make databases. */
export const serverVariable = 'TIERLINE_TEST_POSTGRES'

export const suiteDatabase = (): 'sqlite' | 'postgres' => (process.env[serverVariable] === undefined ? 'sqlite' : 'postgres')

/** What goes into `CollectorConfig.database` for this data folder. */
export async function databaseSetting(dataDir: string): Promise<string> {
  const server = process.env[serverVariable]
  return server === undefined ? 'sqlite' : madeDatabase(server, dataDir)
}

/** What `openStore` takes for this folder. */
export async function storeUrl(dataDir: string): Promise<string> {
  const setting = await databaseSetting(dataDir)
  if (setting !== 'sqlite') return setting
  const file = join(dataDir, 'tierline.db')
  if (!existsSync(file)) await copyFile(await blank(), file)
  return `sqlite:${file}`
}

let blankFile: Promise<string> | undefined

/** A SQLite file with every table and no row, made once a process: making one takes three times as long as opening it. */
const blank = (): Promise<string> => (blankFile ??= madeBlank())

async function madeBlank(): Promise<string> {
  const file = join(await mkdtemp(join(tmpdir(), 'tierline-blank-')), 'tierline.db')
  await (await openStore(`sqlite:${file}`)).close()
  return file
}

/** Looks into the store of a folder from outside, over a connection of its own. */
export async function readRows(dataDir: string, sql: string): Promise<Record<string, unknown>[]> {
  const setting = await databaseSetting(dataDir)
  if (setting !== 'sqlite') return query(setting, sql)
  const database = new DatabaseSync(join(dataDir, 'tierline.db'), { readOnly: true })
  const rows = database.prepare(sql).all()
  database.close()
  return rows.map((row) => ({ ...row }))
}

const alreadyThere = '42P04'

/** A database of its own for this folder, or whatever else names it. */
export async function madeDatabase(server: string, dataDir: string): Promise<string> {
  const name = `of_${createHash('sha256').update(dataDir).digest('hex').slice(0, 24)}`
  const { rows } = await asked(server, `select 1 from pg_database where datname = '${name}'`)
  if (rows.length === 0) {
    await asked(server, `create database ${name}`).catch((error: unknown) => {
      if (!(error instanceof pg.DatabaseError && error.code === alreadyThere)) throw error
    })
  }
  const url = new URL(server)
  url.pathname = `/${name}`
  return url.href
}

const int8 = 20

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  return (await asked(url, sql)).rows as Record<string, unknown>[]
}

async function asked(url: string, sql: string): Promise<pg.QueryResult> {
  const client = new pg.Client({ connectionString: url })
  client.setTypeParser(int8, Number)
  await client.connect()
  try {
    return await client.query(sql)
  } finally {
    await client.end()
  }
}
