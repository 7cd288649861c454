import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { hours, minutes, seconds } from '#shared/domain/time.ts'
import { raiseAllWithin } from '../../../server/ingest/handled.ts'
import { type Presence, startPresence } from '../../../server/presence/presence.ts'
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
    raiseAllWithin: (tx, troubles, now) => raiseAllWithin(tx, using.capabilities, troubles, now),
    onRaised: () => undefined,
    onChanged: (endpoints) => changed.push(endpoints.map(({ endpointId }) => endpointId)),
  })
const gatherMs = 100
const endpoint = (endpointId: string) => ({ endpointId, organisationId: 'organisation-1' })
const rows = () => store.db.selectFrom('presences').selectAll().orderBy('endpoint_id').execute()

it('stores who came, what it said when it went, and that it went', async () => {
  const presence = await start()
  const cameAt = time.now()
  presence.connected(endpoint('a'), '0.1.0')
  await passes(gatherMs)
  await expect.poll(rows).toMatchObject([{ is_connected: 1, changed_at: cameAt, goodbye: null, agent_version: '0.1.0' }])
  await passes(seconds(5))
  const wentAt = time.now()
  presence.goodbye('a', 'reboot')
  presence.disconnected('a')
  await presence.stop()
  expect(await rows()).toMatchObject([{ is_connected: 0, changed_at: wentAt, goodbye: 'reboot' }])
})

it('takes those that come back within a moment in one commit, and many in a few small ones', async () => {
  const presence = await start()
  presence.connected(endpoint('first'), '0.1.0')
  await passes(gatherMs / 2)
  for (let index = 0; index < 599; index += 1) presence.connected(endpoint(`endpoint-${index}`), '0.1.0')
  expect(changed).toEqual([])
  await passes(gatherMs / 2)
  await expect.poll(() => changed.map((each) => each.length)).toEqual([250, 250, 100])
  await presence.stop()
  expect(await rows()).toHaveLength(600)
})

it('forgets nobody who comes again while it is written down that they went', async () => {
  const presence = await start()
  presence.connected(endpoint('a'), '0.1.0')
  await passes(gatherMs)
  presence.disconnected('a')
  const written = passes(gatherMs)
  presence.connected(endpoint('a'), '0.2.0')
  await written
  await presence.stop()
  expect(await rows()).toMatchObject([{ is_connected: 1, agent_version: '0.2.0' }])
})

it('writes down now and then when it last heard of somebody', async () => {
  const presence = await start()
  presence.connected(endpoint('a'), '0.1.0')
  await passes(seconds(29))
  presence.heard('a')
  const heardAt = time.now()
  await passes(seconds(1) + gatherMs)
  await expect.poll(rows).toMatchObject([{ last_heard_at: heardAt }])
  // Nobody has to look again for that.
  expect(changed).toEqual([['a']])
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
  await passes(seconds(1))
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
  const enrolled = (...ids: string[]) => enrolledAt('site-1', ...ids)
  const enrolledAt = async (site_id: string | null, ...ids: string[]) => {
    const place = { organisation_id: 'organisation-1', site_id, platform: 'linux', confirmed_role: 'server' } as const
    for (const id of ids) {
      await store.db
        .insertInto('endpoints')
        .values({ ...place, id, hostname: id, enrolled_at: 0, removed_at: null })
        .execute()
    }
  }
  const goAway = async (presence: Presence, ...ids: string[]) => {
    for (const id of ids) presence.connected(endpoint(id), '0.1.0')
    for (const id of ids) presence.disconnected(id)
    await passes(gatherMs)
  }

  it('is said once, over a restart, and taken back when it returns', async () => {
    await enrolled('a')
    const before = await start()
    await goAway(before, 'a')
    await expect.poll(rows).toMatchObject([{ is_connected: 0 }])
    await looksFor(minutes(5))
    await expect.poll(signals).toEqual([raised])
    await before.stop()
    const after = await start()
    await looksFor(minutes(10))
    expect(await signals()).toEqual([raised])
    after.connected(endpoint('a'), '0.1.0')
    await passes(gatherMs)
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
    await passes(gatherMs)
    await expect.poll(rows).toMatchObject([{ is_connected: 0 }, { is_connected: 1 }, { is_connected: 1 }])
    await looksFor(seconds(10))
    await expect.poll(signals).toEqual([ofSite, { ...ofSite, state: 'cleared' }])
    await looksFor(minutes(5))
    await expect.poll(signals).toEqual([ofSite, { ...ofSite, state: 'cleared' }, raised])
    await presence.stop()
  })

  it('is a site only by those that were there, also if they announced that they go', async () => {
    const stayed = ['a', 'b', 'c']
    const left = ['d', 'e', 'f', 'g']
    await enrolled(...stayed, ...left)
    const presence = await start()
    await looksFor(minutes(1))
    for (const id of left) presence.connected(endpoint(id), '0.1.0')
    for (const id of left) presence.goodbye(id, 'shutdown')
    await goAway(presence, ...stayed)
    for (const id of left) presence.disconnected(id)
    await looksFor(minutes(5) + seconds(5))
    await expect.poll(async () => (await signals()).map(({ kind }) => kind)).toEqual(stayed.map(() => 'presence.silent'))
    await presence.stop()
  })

  it.each([
    ['an organisation that has no sites', 0, ['presence.site-silent']],
    ['its only site, if nobody said where its machines are', 1, ['presence.site-silent']],
    ['no place, if it has several and nobody said where', 2, ['presence.silent', 'presence.silent', 'presence.silent']],
  ])('is %s', async (_name, sites, kinds) => {
    await enrolledAt(null, 'a', 'b', 'c')
    if (sites === 0) await store.db.deleteFrom('sites').execute()
    const another = { id: 'site-2', organisation_id: 'organisation-1', name: 'Bonn', time_zone: null, created_at: 0 }
    if (sites === 2) await store.db.insertInto('sites').values(another).execute()
    const presence = await start()
    await looksFor(minutes(1))
    await goAway(presence, 'a', 'b', 'c')
    await looksFor(minutes(6))
    await expect.poll(async () => (await signals()).map(({ kind }) => kind)).toEqual(kinds)
    await presence.stop()
  })

  it('is in the list of the next month, and of each month, after 30 days, if it is a workstation', async () => {
    await enrolled('ws', 'srv')
    await store.db.updateTable('endpoints').set({ confirmed_role: 'workstation' }).where('id', '=', 'ws').execute()
    const lines = async () =>
      await store.db
        .selectFrom('signals')
        .select(['endpoint_id', 'summary'])
        .where('kind', '=', 'presence.missing')
        .orderBy('arrival')
        .execute()
    const presence = await start()
    await goAway(presence, 'ws', 'srv')
    await looksFor(minutes(6))
    await presence.stop()

    const lookAt = async (instant: string) => {
      time.jump(Temporal.Instant.from(instant).epochMilliseconds - time.now())
      const looking = await start()
      await passes(hours(1))
      await looking.stop()
    }
    await lookAt('2026-12-01T00:10:00Z')
    await lookAt('2026-12-23T07:00:00Z')
    await lookAt('2026-12-31T22:00:00Z')
    expect(await lines()).toEqual([])
    await lookAt('2026-12-31T23:01:00Z')
    expect(await lines()).toEqual([{ endpoint_id: 'ws', summary: 'ws has not been heard of for 38 days' }])
    // Our clock was set back over midnight, and went on.
    await lookAt('2026-12-31T22:30:00Z')
    await lookAt('2027-01-31T21:00:00Z')
    expect(await lines()).toHaveLength(1)
    await lookAt('2027-02-01T00:00:00Z')
    expect(await lines()).toHaveLength(2)
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
    await looksFor(minutes(1))
    await expect.poll(signals).toEqual([raised, cleared])
    await presence.stop()
  })
})

/** Look by look. */
async function looksFor(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += seconds(5)) await passes(Math.min(seconds(5), ms - passed))
}

/** Time, and what the database has to answer meanwhile: presence asks it some questions in turn, and ours come after each. */
async function passes(ms: number): Promise<void> {
  await time.advance(ms)
  for (let turn = 0; turn < 6; turn += 1) {
    await store.reader.selectFrom('meta').selectAll().execute()
    await store.db.transaction().execute((tx) => tx.selectFrom('meta').selectAll().execute())
  }
}
