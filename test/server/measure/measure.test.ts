import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { Inventory } from '#shared/domain/inventory.ts'
import type { Sample } from '#shared/domain/sample.ts'
import { days, hours, minutes } from '#shared/domain/time.ts'
import { type Measure, startMeasure } from '../../../server/measure/measure.ts'
import { openStore, type Store } from '../../../server/store/store.ts'
import { FakeTime } from '../../support/fake-time.ts'

let folder: string
let store: Store
let time: FakeTime
let measure: Measure

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tierline-measure-'))
  store = await openStore(`sqlite:${join(folder, 'tierline.db')}`)
  time = new FakeTime()
  measure = startMeasure({ store, time, log: pino({ level: 'silent' }) })
})
afterEach(async () => {
  await measure.stop()
  await store.close()
  await rm(folder, { recursive: true, force: true })
})

const sampleAt = (at: number): Sample => ({
  at,
  processor: { busyRatio: 0.5, load1: 1, load5: 1, load15: 1 },
  memory: { totalBytes: 8, availableBytes: 4, swapTotalBytes: 0, swapUsedBytes: 0 },
  disks: [],
  networks: [],
  uptimeSeconds: 1,
})
const keep = (endpointId: string, ...samples: Sample[]) =>
  store.db.transaction().execute((tx) => measure.keepSamples(tx, endpointId, samples))
const instants = async () => (await store.reader.selectFrom('samples').select('at').orderBy('at').execute()).map(({ at }) => at)

it('keeps a sample once', async () => {
  await keep('endpoint-1', sampleAt(1), sampleAt(2))
  await keep('endpoint-1', sampleAt(2), sampleAt(3))
  expect(await instants()).toEqual([1, 2, 3])
})

it('keeps the latest inventory of an endpoint, with its role beside it', async () => {
  const nothing = { manufacturer: '', model: '', serial: '', chassis: '', processor: '', cores: 1, memoryBytes: 1, isVirtual: false }
  const inventory: Inventory = {
    ...{ hostname: 'pc-1', platform: 'linux', system: { name: '', version: '', kernel: '', architecture: '' }, hardware: nothing },
    ...{ disks: [], interfaces: [], role: { role: 'server', reasons: [] } },
    agent: { version: '0.1.0\0', runtime: '', isolation: { isReady: false }, canaries: [] },
  }
  for (const at of [1, 2]) await store.db.transaction().execute((tx) => measure.keepInventory(tx, 'endpoint-1', at, inventory))
  const rows = await store.reader.selectFrom('inventories').select(['at', 'role', 'agent_version']).execute()
  expect(rows).toEqual([{ at: 2, role: 'server', agent_version: '0.1.0\ufffd' }])
})

it('ends raw samples after seven days, however many there are', async () => {
  const now = time.now()
  const old = Array.from({ length: 1_200 }, (_, index) => sampleAt(now - days(8) + index))
  await keep('endpoint-1', ...old, sampleAt(now - days(6)))
  await keep('endpoint-2', sampleAt(now - days(8)), sampleAt(now))
  await time.advance(hours(1))
  const swept = async () => {
    await time.advance(minutes(1))
    expect(await instants()).toEqual([now - days(6), now])
  }
  await vi.waitFor(swept, { interval: 10, timeout: 10_000 })
})
