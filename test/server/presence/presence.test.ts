import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { seconds } from '#shared/domain/time.ts'
import { startPresence } from '../../../server/presence/presence.ts'
import { openStore, type Store } from '../../../server/store/store.ts'
import { FakeTime } from '../../support/fake-time.ts'

let folder: string
let store: Store
let time: FakeTime
let changed: string[][]

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tierline-presence-'))
  store = await openStore(`sqlite:${join(folder, 'tierline.db')}`)
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
