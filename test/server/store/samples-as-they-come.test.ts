import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, expect, it } from 'vitest'
import { openStore } from '../../../server/store/store.ts'

const folder = await mkdtemp(join(tmpdir(), 'tierline-samples-'))
const file = join(folder, 'tierline.db')
afterAll(() => rm(folder, { recursive: true, force: true }))

/** As it was kept before: in the order of its key. */
const before = `
  drop table samples;
  create table samples (endpoint_id text not null, at bigint not null, body text not null, primary key (endpoint_id, at)) without rowid;
  insert into samples values ('endpoint-2', 1, 'a'), ('endpoint-1', 2, 'b'), ('endpoint-1', 1, 'c');
  delete from kysely_migration where name = '0091-samples-as-they-come'`

const migrated = async (): Promise<void> => (await openStore(`sqlite:${file}`)).close()

function asked<Answer>(ask: (database: DatabaseSync) => Answer): Answer {
  const database = new DatabaseSync(file)
  try {
    return ask(database)
  } finally {
    database.close()
  }
}

it('keeps every sample that a SQLite of before had, each once as before, and in the order in which it comes', async () => {
  await migrated()
  asked((database) => database.exec(before))
  await migrated()
  asked((database) => {
    const kept = database
      .prepare("select rowid is not null as has_place, endpoint_id || ' ' || at || body as row from samples order by row")
      .all()
    expect(kept.map(({ has_place, row }) => [has_place, row])).toEqual([
      [1, 'endpoint-1 1c'],
      [1, 'endpoint-1 2b'],
      [1, 'endpoint-2 1a'],
    ])
    expect(() => database.exec("insert into samples values ('endpoint-1', 1, 'again')")).toThrow('UNIQUE')
    expect(() => database.exec("insert into samples values (null, 1, 'of nobody')")).toThrow('NOT NULL')
  })
})
