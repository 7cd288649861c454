import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { minutes, seconds } from '#shared/domain/time.ts'
import { raiseWithin } from '../../../server/ingest/handled.ts'
import { startPresence } from '../../../server/presence/presence.ts'
import { openStore, type Store } from '../../../server/store/store.ts'
import { storeUrl } from '../../support/database.ts'
import { FakeTime } from '../../support/fake-time.ts'

let folder: string
let store: Store
let time: FakeTime
let changed: string[][]

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tierline-presence-'))
  store = await openStore(await storeUrl(folder))
  time = new FakeTime()
  changed = []
})
afterEach(async () => {
  await store.close()
  await rm(folder, { recursive: true, force: true })
})

const start = (using = store) =>
  startPresence({
    ...{ store: using, time, log: pino({ level: 'silent' }) },
    ...{ raiseWithin, onRaised: () => undefined },
    onChanged: (endpoints) => changed.push(endpoints.map(({ endpointId }) => endpointId)),
  })
const endpoint = (endpointId: string) => ({ endpointId, organisationId: 'organisation-1' })
const rows = () => store.db.selectFrom('presences').selectAll().orderBy('endpoint_id').execute()

it('stores who came, what it said when it went, and that it went', async () => {
  const presence = await start()
  const cameAt = time.now()
  presence.connected(endpoint('a'), '0.1.0')
  await expect.poll(rows).toMatchObject([{ is_connected: 1, changed_at: cameAt, goodbye: null, agent_version: '0.1.0' }])
  await time.advance(seconds(5))
  presence.goodbye('a', 'reboot')
  presence.disconnected('a')
  await presence.stop()
  expect(await rows()).toMatchObject([{ is_connected: 0, changed_at: cameAt + seconds(5), goodbye: 'reboot' }])
})

it('takes many that come back at once in one commit', async () => {
  const presence = await start()
  for (let index = 0; index < 500; index += 1) presence.connected(endpoint(`endpoint-${index}`), '0.1.0')
  await presence.stop()
  expect(changed.map((each) => each.length)).toEqual([500])
  expect(await rows()).toHaveLength(500)
})

it('writes down now and then when it last heard of somebody', async () => {
  const presence = await start()
  presence.connected(endpoint('a'), '0.1.0')
  await time.advance(seconds(29))
  presence.heard('a')
  const heardAt = time.now()
  await time.advance(seconds(1))
  await expect.poll(rows).toMatchObject([{ last_heard_at: heardAt }])
  await presence.stop()
})

it('at start marks all disconnected and judges nobody: when they changed stays as it was', async () => {
  const before = await start()
  before.connected(endpoint('a'), '0.1.0')
  await before.stop()
  const [was] = await rows()
  await time.advance(seconds(60))
  await (await start()).stop()
  expect(await rows()).toEqual([{ ...was, is_connected: 0 }])
})

it('tries again with the next change what could not be stored', async () => {
  let isBroken = true
  const putRows: Store['capabilities']['putRows'] = (...all) =>
    isBroken ? Promise.reject(new Error('disk full')) : store.capabilities.putRows(...all)
  const presence = await start({ ...store, capabilities: { ...store.capabilities, putRows } })
  presence.connected(endpoint('a'), '0.1.0')
  await time.advance(seconds(1))
  isBroken = false
  presence.connected(endpoint('b'), '0.1.0')
  await presence.stop()
  expect((await rows()).map(({ endpoint_id }) => endpoint_id)).toEqual(['a', 'b'])
})

describe('who is silent', () => {
  const signals = () => store.db.selectFrom('signals').select(['kind', 'state', 'endpoint_id']).orderBy('arrival').execute()
  const raised = { kind: 'presence.silent', state: 'raised', endpoint_id: 'a' }
  const cleared = { ...raised, state: 'cleared' }

  beforeEach(async () => {
    await store.db
      .insertInto('organisations')
      .values({ ...{ id: 'organisation-1', name: 'Acme', mode: 'live', plan: 'standard' }, time_zone: 'UTC', created_at: 0 })
      .execute()
    await store.db
      .insertInto('sites')
      .values({ ...{ id: 'site-1', organisation_id: 'organisation-1', name: 'Berlin' }, time_zone: null, created_at: 0 })
      .execute()
  })
  const enrolled = async (...ids: string[]) => {
    const place = { organisation_id: 'organisation-1', site_id: 'site-1', platform: 'linux', confirmed_role: 'server' } as const
    for (const id of ids) {
      await store.db
        .insertInto('endpoints')
        .values({ ...place, id, hostname: id, enrolled_at: 0, removed_at: null })
        .execute()
    }
  }

  it('is said once, over a restart, and taken back when it returns', async () => {
    await enrolled('a')
    const before = await start()
    before.connected(endpoint('a'), '0.1.0')
    before.disconnected('a')
    await looksFor(minutes(5))
    await expect.poll(signals).toEqual([raised])
    await before.stop()
    const after = await start()
    await looksFor(minutes(10))
    expect(await signals()).toEqual([raised])
    after.connected(endpoint('a'), '0.1.0')
    await expect.poll(rows).toMatchObject([{ is_connected: 1 }])
    await looksFor(seconds(10))
    await expect.poll(signals).toEqual([raised, cleared])
    await after.stop()
    expect(await store.db.selectFrom('silences').selectAll().execute()).toEqual([])
  })

  it('is a site, when its machines went together, and again a machine, when it alone stays away', async () => {
    const ids = ['a', 'b', 'c']
    await enrolled(...ids)
    const presence = await start()
    await looksFor(minutes(1))
    for (const id of ids) presence.connected(endpoint(id), '0.1.0')
    for (const id of ids) presence.disconnected(id)
    await looksFor(minutes(1))
    const ofSite = { kind: 'presence.site-silent', state: 'raised', endpoint_id: null }
    await expect.poll(signals).toEqual([ofSite])
    for (const id of ['b', 'c']) presence.connected(endpoint(id), '0.1.0')
    await expect.poll(rows).toMatchObject([{ is_connected: 0 }, { is_connected: 1 }, { is_connected: 1 }])
    await looksFor(seconds(10))
    await expect.poll(signals).toEqual([ofSite, { ...ofSite, state: 'cleared' }])
    await looksFor(minutes(5))
    await expect.poll(signals).toEqual([ofSite, { ...ofSite, state: 'cleared' }, raised])
    await presence.stop()
  })

  it('is nobody, right after our machine slept, whose monotonic clock stood still meanwhile', async () => {
    await enrolled('a')
    const presence = await start()
    presence.connected(endpoint('a'), '0.1.0')
    presence.disconnected('a')
    await looksFor(minutes(4))
    time.jump(minutes(60))
    await looksFor(minutes(4))
    expect(await signals()).toEqual([])
    await looksFor(minutes(2))
    await expect.poll(signals).toEqual([raised])
    await presence.stop()
  })

  it('is taken back of a machine that was removed', async () => {
    await enrolled('a')
    const presence = await start()
    presence.connected(endpoint('a'), '0.1.0')
    presence.disconnected('a')
    await looksFor(minutes(5))
    await expect.poll(signals).toEqual([raised])
    await store.db.updateTable('endpoints').set({ removed_at: time.now() }).execute()
    await looksFor(seconds(10))
    await expect.poll(signals).toEqual([raised, cleared])
    await presence.stop()
  })
})

/** Look by look: each reads twice in another thread before it writes, and what we ask of that thread comes after it. */
async function looksFor(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += seconds(5)) {
    await time.advance(seconds(5))
    for (let turn = 0; turn < 4; turn += 1) await store.reader.selectFrom('meta').selectAll().execute()
  }
}
