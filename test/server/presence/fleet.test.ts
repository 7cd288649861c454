import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Kysely, type KyselyPlugin, sql } from 'kysely'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { seconds } from '#shared/domain/time.ts'
import { raiseAllWithin } from '../../../server/ingest/handled.ts'
import { startPresence } from '../../../server/presence/presence.ts'
import type { Database } from '../../../server/store/schema.ts'
import { openStore, type Store } from '../../../server/store/store.ts'
import { storeUrl, suiteDatabase } from '../../support/database.ts'
import { FakeTime } from '../../support/fake-time.ts'

/*
 * Ten thousand machines. What it costs is counted in statements, which are the same on every machine.
 */
const machines = 10_000
const places = 200
let folder: string
let store: Store

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tierline-fleet-'))
  store = await openStore(await storeUrl(folder))
  const put: Store['capabilities']['putRows'] = store.capabilities.putRows
  await store.db.transaction().execute(async (tx) => {
    const organisation = { mode: 'live', plan: 'standard', time_zone: 'UTC', created_at: 0 } as const
    await put(
      tx,
      'organisations',
      each(places, (at) => ({ id: `organisation-${at}`, name: `O${at}`, ...organisation })),
      'ignore',
    )
    await put(
      tx,
      'sites',
      each(places, (at) => ({ id: `site-${at}`, organisation_id: `organisation-${at}`, name: `S${at}`, time_zone: null, created_at: 0 })),
      'ignore',
    )
    const endpoint = { platform: 'linux', confirmed_role: 'server', enrolled_at: 0, removed_at: null } as const
    await put(
      tx,
      'endpoints',
      each(machines, (at) => ({ ...endpoint, id: idOf(at), hostname: `host-${at}`, ...placeOf(at) })),
      'ignore',
    )
  })
})
afterAll(async () => {
  await store.close()
  await rm(folder, { recursive: true, force: true })
})
const each = <Row>(count: number, make: (at: number) => Row): Row[] => Array.from({ length: count }, (_, at) => make(at))
const idOf = (at: number): string => `endpoint-${String((at * 7_919) % machines).padStart(6, '0')}`
const placeOf = (at: number) => ({ organisation_id: `organisation-${at % places}`, site_id: `site-${at % places}` })

it('that come back within 40 s, speak and go cost a few commits a second, and a look at them nothing', { timeout: 60_000 }, async () => {
  const time = new FakeTime()
  const counted = { reads: 0, writes: 0 }
  const counting = countingStore(counted)
  const presence = await startPresence({
    ...{ store: counting, time, log: pino({ level: 'silent' }), onRaised: () => undefined, onChanged: () => undefined },
    raiseAllWithin: (tx, troubles, now) => raiseAllWithin(tx, counting.capabilities, troubles, now),
  })
  const spent = async (work: () => Promise<void>) => {
    Object.assign(counted, { reads: 0, writes: 0 })
    await work()
    return { ...counted }
  }

  const coming = await spent(async () => {
    for (let at = 0; at < machines; at += 1) {
      presence.connected({ endpointId: idOf(at), organisationId: `organisation-${at % places}` }, '1')
      if (at % 20 === 19) await time.advance(20)
      if (at % 100 === 99) await passes(time, 300)
    }
  })
  expect(coming.writes).toBeLessThanOrEqual(machines / 100)
  // Eight looks.
  expect(coming.reads).toBeLessThanOrEqual(8 * 5)

  const speaking = await spent(async () => {
    for (let round = 0; round < 4; round += 1) {
      for (let at = 0; at < machines; at += 1) presence.heard(idOf(at))
      await passes(time, seconds(15))
    }
  })
  expect(speaking.writes).toBeLessThanOrEqual(3 * (machines / 250))
  expect(speaking.reads).toBeLessThanOrEqual(13 * 5)

  for (let at = 0; at < machines; at += 1) presence.disconnected(idOf(at))
  const covered = async () => {
    await passes(time, seconds(5))
    return count('silences')
  }
  await expect.poll(covered, { timeout: 30_000, interval: 1 }).toBe(machines)
  expect(await count('signals')).toBe(places)
  await presence.stop()
})

it.skipIf(suiteDatabase() !== 'sqlite')('are looked through by an index of those that are away', async () => {
  const plan = await sql<{ detail: string }>`
    explain query plan select * from presences left join silences on silences.endpoint_id = presences.endpoint_id
    where is_connected = 0 and said is null and presences.endpoint_id > '' order by presences.endpoint_id limit 1000`.execute(store.db)
  expect(plan.rows.map(({ detail }) => detail).join('\n')).toContain('presences_away')
})

async function count(table: 'signals' | 'silences'): Promise<number> {
  const { total } = await store.db
    .selectFrom(table)
    .select(({ fn }) => fn.countAll<number>().as('total'))
    .executeTakeFirstOrThrow()
  return Number(total)
}

function countingStore(counted: { reads: number; writes: number }): Store {
  const reading: KyselyPlugin = {
    transformQuery: ({ node }) => {
      counted.reads += 1
      return node
    },
    transformResult: async ({ result }) => result,
  }
  const putRows: Store['capabilities']['putRows'] = (tx, table, rows, conflict) => {
    counted.writes += 1
    return store.capabilities.putRows(tx, table, rows, conflict)
  }
  const with_ = (db: Kysely<Database>) => db.withPlugin(reading)
  return { ...store, db: with_(store.db), reader: with_(store.reader), capabilities: { ...store.capabilities, putRows } }
}

/** Time, and what the database has to answer meanwhile. */
async function passes(time: FakeTime, ms: number): Promise<void> {
  await time.advance(ms)
  for (let turn = 0; turn < 2; turn += 1) {
    await store.reader.selectFrom('meta').selectAll().execute()
    await store.db.transaction().execute((tx) => tx.selectFrom('meta').selectAll().execute())
  }
}
