import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Kysely, sql } from 'kysely'
import { afterAll, beforeEach, expect, it } from 'vitest'
import { dialectOf } from '../../../server/store/sqlite/dialect.ts'
import { type SqliteThread, startThread, threadEnded } from '../../../server/store/sqlite/thread.ts'
import { openWriter, type Writer } from '../../../server/store/sqlite/writer.ts'

// What those who wait hear, also when the thread of the database dies: of memory, of a mistake of ours.

const folder = await mkdtemp(join(tmpdir(), 'tierline-thread-'))
afterAll(() => rm(folder, { recursive: true, force: true }))

interface Notes {
  notes: { text: string }
}
let thread: SqliteThread
let writer: Writer
let db: Kysely<Notes>
let files = 0

beforeEach(async () => {
  writer = openWriter(join(folder, `${++files}.db`), (...all) => {
    thread = startThread(...all)
    return thread
  })
  db = new Kysely<Notes>({ dialect: dialectOf(writer.driver) })
  await sql`create table notes (text text not null)`.execute(db)
  return () => writer.end()
})

/** By a request that it can't read. */
const kill = () => expect(thread.ask(null as never)).rejects.toThrow('The thread of the database has ended: ')
const note = (to: Kysely<Notes>, text: string) => to.insertInto('notes').values({ text }).execute()
const texts = async () => (await db.selectFrom('notes').select('text').execute()).map(({ text }) => text)

it('rejects whoever waits, as the store’s own trouble, and serves the next', async () => {
  await note(db, 'before')
  await Promise.all([kill(), expect(texts()).rejects.toMatchObject({ code: threadEnded, isRetryable: true })])
  await note(db, 'after')
  expect(await texts()).toEqual(['before', 'after'])
})

it('lets no transaction go on half way in another thread', async () => {
  const broken = db.transaction().execute(async (tx) => {
    await note(tx, 'first half')
    await kill()
    await note(tx, 'second half')
  })
  await expect(broken).rejects.toThrow('The thread of the database has ended')
  expect(await texts()).toEqual([])
  await db.transaction().execute((tx) => note(tx, 'whole'))
  expect(await texts()).toEqual(['whole'])
})

it('answers what is asked in one turn in its order, and fails alone what can’t be done or can’t go to another thread', async () => {
  const ask = (statement: string, ...values: unknown[]) =>
    thread.ask([{ kind: 'run', sql: statement, values }]).then((outcome) => outcome.values)
  const answers = await Promise.allSettled([
    ask('insert into notes values (?)', 'first'),
    ask('select * from nowhere'),
    ask('select ?', () => 'a function'),
    ask('select text from notes'),
  ])
  expect(answers).toMatchObject([
    { status: 'fulfilled' },
    { status: 'rejected', reason: { message: 'no such table: nowhere' } },
    { status: 'rejected', reason: { name: 'DataCloneError' } },
    { status: 'fulfilled', value: ['first'] },
  ])
})
