import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { seconds } from '#shared/domain/time.ts'
import { openStore } from '../../server/store/store.ts'
import { fillDesk, planSecond } from '../bench/timers/fill.ts'
import { databaseSetting, storeUrl } from '../support/database.ts'
import { startProgram } from '../support/program.ts'
import { pause } from '../swarm/swarm.ts'

/*
 * A collector as a process of its own is killed with -9 while hundreds of timers are due, twice, and started again. Each
 * has fired once, and each effect is there once.
 */

const count = 600
const folder = await mkdtemp(join(tmpdir(), 'tierline-killed-'))
afterAll(() => rm(folder, { recursive: true, force: true }))

it('each timer fires exactly once over kill -9', async () => {
  const dataDir = join(folder, 'data')
  const url = await prepare(dataDir)
  const database = await databaseSetting(dataDir)
  const up = () => startProgram(['up', '--data', dataDir, '--database', database, '--port', '0', '--agents-port', '0'])

  for (const killedAfterMs of [40, 120]) {
    const collector = up()
    await firstFired(url)
    await pause(killedAfterMs)
    await collector.stop('SIGKILL')
  }
  const collector = up()
  await expect.poll(() => openCount(url), { timeout: 30_000, interval: 250 }).toBe(0)
  await collector.stop()

  const store = await openStore(url)
  const timers = await store.db.selectFrom('timers').select(['kind', 'ticket_id', 'fired_at']).where('id', 'like', 'due-%').execute()
  const lines = await store.db.selectFrom('timeline').select(['ticket_id', 'kind', 'body']).execute()
  await store.close()
  const said = Map.groupBy(
    lines.filter(({ kind }) => kind === 'escalated' || kind === 'reminded' || kind === 'promise-broken'),
    ({ ticket_id }) => ticket_id,
  )
  expect(timers).toHaveLength(count)
  for (const { kind, ticket_id, fired_at } of timers) {
    expect(fired_at).not.toBeNull()
    // Somebody touched these an hour ago: there is nothing to say of them yet.
    expect(said.get(ticket_id ?? '')?.length ?? 0).toBe(kind === 'untouched' ? 0 : 1)
  }
}, 120_000)

async function prepare(dataDir: string): Promise<string> {
  const { mkdirSync } = await import('node:fs')
  mkdirSync(dataDir, { mode: 0o700 })
  const url = await storeUrl(dataDir)
  const store = await openStore(url)
  await fillDesk(store, count, Date.now())
  // All at once, and soon: some while the first one starts.
  await planSecond(store, count, Date.now() + seconds(1))
  await store.close()
  return url
}

async function openCount(url: string): Promise<number> {
  const store = await openStore(url)
  const open = await store.reader
    .selectFrom('timers')
    .select('id')
    .where('id', 'like', 'due-%')
    .where('fired_at', 'is', null)
    .execute()
    .finally(() => store.close())
  return open.length
}

/** The next one has fired that had not when this was asked. */
async function firstFired(url: string): Promise<void> {
  const before = await openCount(url)
  for (let left = before; left === before && left > 0; ) {
    await pause(20)
    left = await openCount(url)
  }
}
