/*
 * Enters: a URL, `sqlite:<file>` or `postgres://…`. Leaves: one Kysely for everything that writes and one that only
 * reads and never holds the first one up. Promises: the schema is migrated before anybody sees it; a commit is on disk
 * when it returns. On failure: a Fault with one sentence that names the database and never its password.
 * Meets: a stage that writes through the reader (the database refuses).
 */
import type { Kysely, Transaction } from 'kysely'
import { Migrator } from 'kysely/migration'
import { Fault, sentenceOf } from '#shared/domain/fault.ts'
import type { Capabilities } from './capabilities.ts'
import { migrations } from './migrations/migrations.ts'
import type { Database } from './schema.ts'

export type Tx = Transaction<Database>
/** What stands or falls with an act, such as its line in the audit: the last thing that its transaction does. @param made the id of what it made. */
export type Within = (tx: Tx, made?: string) => Promise<void>

export interface Store {
  /** Writes. Inside a transaction use only the transaction: on SQLite there is one writing connection. */
  db: Kysely<Database>
  /** Reads what is committed; console, reports and charts belong here. */
  reader: Kysely<Database>
  /** The same for what the collector decides on: no chart holds it up, and no commit that is under way. */
  deskReader: Kysely<Database>
  capabilities: Capabilities
  /** Whether a commit succeeds now; false when the disk is full or the database away. */
  isWell(): Promise<boolean>
  /** What opens it in another thread. It may hold a password, so it is asked for and never lies about. */
  url(): string
  close(): Promise<void>
}

/** What a dialect opens. */
export type Connections = Omit<Store, 'isWell' | 'url'>

/** What only reads, beside the collector. */
export type Reading = Pick<Store, 'reader' | 'close'>

export async function openStore(url: string): Promise<Store> {
  const store = await connect(url)
  try {
    await migrate(store)
    return { ...store, isWell: () => canCommit(store), url: () => url }
  } catch (error) {
    await store.close()
    throw error
  }
}

/** As it stands: for a thread beside those who opened the store. It connects with its first query. */
export async function openReading(url: string): Promise<Reading> {
  const { dialect, place } = await dialectOf(url)
  return dialect.openReading(place)
}

async function connect(url: string): Promise<Connections> {
  const { dialect, place } = await dialectOf(url)
  return dialect.open(place)
}

interface Dialect {
  open(place: string): Promise<Connections>
  openReading(place: string): Reading
}

/** A dialect is loaded when its URL asks for it. */
async function dialectOf(url: string): Promise<{ dialect: Dialect; place: string }> {
  if (url.startsWith('sqlite:')) return { dialect: await import('./dialects/sqlite.ts'), place: url.slice('sqlite:'.length) }
  if (/^postgres(ql)?:\/\//.test(url)) return { dialect: await import('./dialects/postgres.ts'), place: url }
  throw new Fault('database-unknown', 'The database must be "sqlite" or a URL that starts with postgres://.')
}

async function migrate(store: Connections): Promise<void> {
  const provider = { getMigrations: async () => migrations(store.capabilities) }
  // Numbers are given out before the work on them begins, so a lower one may land later: each builds only on tables of long before.
  const { error } = await new Migrator({ db: store.db, provider, allowUnorderedMigrations: true }).migrateToLatest()
  if (error) throw new Fault('migration-failed', `The database could not be brought up to date: ${sentenceOf(error)}.`, { cause: error })
}

async function canCommit({ db, capabilities }: Connections): Promise<boolean> {
  const probe = { key: 'last-probe', value: 'committed' }
  const done = db.transaction().execute((tx) => capabilities.putRows(tx, 'meta', [probe], { replaceWhere: ['key'] }))
  return done.then(
    () => true,
    () => false,
  )
}
