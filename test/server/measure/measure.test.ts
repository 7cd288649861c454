import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Inventory } from '#shared/domain/inventory.ts'
import { addRollup, type Spreads, slotOf } from '#shared/domain/rollup.ts'
import type { Sample } from '#shared/domain/sample.ts'
import { columnsOf, storedColumns } from '#shared/domain/sample-columns.ts'
import { days, hours, minutes, seconds } from '#shared/domain/time.ts'
import { type Measure, startMeasure } from '../../../server/measure/measure.ts'
import { openStore, type Store, type Tx } from '../../../server/store/store.ts'
import { FakeTime } from '../../support/fake-time.ts'
import { startPostgres } from '../../support/postgres.ts'

const postgres = await startPostgres()
if (postgres.kind === 'unavailable') console.log(`Samples are kept on SQLite only: ${postgres.reason}`)
afterAll(async () => {
  if (postgres.kind === 'running') await postgres.stop()
})

const sampleAt = (at: number, busyRatio = 0.5): Sample => ({
  at,
  processor: { busyRatio, load1: 1, load5: 1, load15: 1 },
  memory: { totalBytes: 8, availableBytes: 4, swapTotalBytes: 0, swapUsedBytes: 0 },
  disks: [],
  networks: [],
  uptimeSeconds: 1,
})

describe.each(['SQLite', 'PostgreSQL'])('on %s', (database) => {
  const isThere = database === 'SQLite' || postgres.kind === 'running'
  let folder: string
  let store: Store
  let time: FakeTime
  let measure: Measure

  beforeEach(async () => {
    if (!isThere) return
    folder = await mkdtemp(join(tmpdir(), 'tierline-measure-'))
    const url = database === 'PostgreSQL' && postgres.kind === 'running' ? postgres.url : `sqlite:${join(folder, 'tierline.db')}`
    store = await openStore(url)
    for (const table of ['samples', 'rollups', 'rollups_due', 'inventories'] as const) await store.db.deleteFrom(table).execute()
    time = new FakeTime()
    measure = startMeasure({ store, time, log: pino({ level: 'silent' }) })
  })
  afterEach(async () => {
    if (!isThere) return
    await measure.stop()
    await store.close()
    await rm(folder, { recursive: true, force: true })
  })

  const keepIn = (tx: Tx, endpointId: string, samples: Sample[]) => {
    const from = { endpointId, organisationId: 'organisation-1', siteId: null, clockBehindMs: 0 }
    return measure.keepSamples(
      tx,
      columnsOf(samples).map((columns) => ({ from, columns })),
    )
  }
  const keep = async (endpointId: string, ...samples: Sample[]) => {
    await store.db.transaction().execute((tx) => keepIn(tx, endpointId, samples))
    measure.samplesKept()
  }
  const bodies = async () => (await store.reader.selectFrom('samples').select('body').orderBy('at').execute()).map(({ body }) => body)
  const instants = async () => storedColumns(await bodies()).flatMap(({ at }) => at)
  const busyOf = async (stepMs: number) => {
    const rows = await store.reader.selectFrom('rollups').selectAll().where('step_ms', '=', stepMs).orderBy('at').execute()
    return rows.map(({ at, samples, body }) => {
      const spreads: Spreads = new Map()
      addRollup(spreads, body)
      return { at, samples, busy: spreads.get('processor.busyRatio') }
    })
  }
  const marks = async () => (await store.reader.selectFrom('rollups_due').select('at').execute()).length
  /** Moves on until the database has caught up: its answers come in real time. */
  const eventually = (holds: () => Promise<void>) =>
    vi.waitFor(
      async () => {
        await time.advance(seconds(30))
        await holds()
      },
      { interval: 10, timeout: 10_000 },
    )
  const it_ = it.skipIf(!isThere)

  it_('keeps a sample once', async () => {
    await keep('endpoint-1', sampleAt(1), sampleAt(2))
    await keep('endpoint-1', sampleAt(2), sampleAt(3))
    expect(await instants()).toEqual([1, 2, 3])
  })

  it_('keeps a record in one row for each five minutes that it reaches into', async () => {
    const slot = slotOf(time.now(), minutes(5))
    await keep('endpoint-1', ...[-20, -10, 0, 10].map((second) => sampleAt(slot + seconds(second))))
    const rows = await store.reader.selectFrom('samples').select('at').orderBy('at').execute()
    expect(rows.map(({ at }) => at - slot)).toEqual([seconds(-20), 0])
    expect((await instants()).map((at) => at - slot)).toEqual([-20, -10, 0, 10].map(seconds))
  })

  it_('rolls up what was stored one by one, before there were columns', async () => {
    const slot = slotOf(time.now() - hours(2), minutes(5))
    await keep('endpoint-1', sampleAt(slot, 0.1), sampleAt(slot + 1, 0.3))
    const body = JSON.stringify(sampleAt(slot + 2, 0.8))
    await store.db
      .insertInto('samples')
      .values({ endpoint_id: 'endpoint-1', at: slot + 2, body })
      .execute()
    await eventually(async () => expect(await busyOf(minutes(5))).toMatchObject([{ samples: 3, busy: { mean: 0.4, max: 0.8 } }]))
  })

  it_('keeps the latest inventory of an endpoint, with its role beside it', async () => {
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

  it_('rolls five minutes up, and five minutes into hours, with minimum, mean and maximum', async () => {
    const hour = slotOf(time.now(), hours(1)) - hours(1)
    await keep('endpoint-1', sampleAt(hour, 0.1), sampleAt(hour + seconds(10), 0.6), sampleAt(hour + minutes(5), 0.2))
    await eventually(async () => expect(await busyOf(hours(1))).toHaveLength(1))
    expect(await busyOf(minutes(5))).toEqual([
      { at: hour, samples: 2, busy: { min: 0.1, mean: 0.35, max: 0.6, count: 2 } },
      { at: hour + minutes(5), samples: 1, busy: { min: 0.2, mean: 0.2, max: 0.2, count: 1 } },
    ])
    expect(await busyOf(hours(1))).toEqual([{ at: hour, samples: 3, busy: { min: 0.1, mean: 0.3, max: 0.6, count: 3 } }])
    expect(await marks()).toBe(0)
  })

  it_('marks a slot once while its mark stands, and anew when that ended or was never committed', async () => {
    const slot = slotOf(time.now(), minutes(5)) - hours(2)
    const failed = store.db.transaction().execute(async (tx) => {
      await keepIn(tx, 'endpoint-1', [sampleAt(slot)])
      throw new Error('the disk is full')
    })
    await expect(failed).rejects.toThrow('the disk is full')
    for (const second of [1, 2]) await keep('endpoint-1', sampleAt(slot + seconds(second)))
    expect(await marks()).toBe(1)
    await eventually(async () => expect(await busyOf(minutes(5))).toMatchObject([{ samples: 2 }]))
    await keep('endpoint-1', sampleAt(slot + seconds(3)))
    await eventually(async () => expect(await busyOf(minutes(5))).toMatchObject([{ samples: 3 }]))
  })

  it_('rolls a slot up anew when more of it comes, and no sooner than it is over', async () => {
    const slot = slotOf(time.now(), minutes(5))
    await keep('endpoint-1', sampleAt(slot, 0.1))
    await time.advance(slot + minutes(5) - time.now())
    expect(await busyOf(minutes(5))).toEqual([])
    await eventually(async () => expect(await busyOf(minutes(5))).toMatchObject([{ samples: 1 }]))
    await keep('endpoint-1', sampleAt(slot + 1, 0.9))
    await eventually(async () => expect(await busyOf(minutes(5))).toMatchObject([{ samples: 2, busy: { mean: 0.5 } }]))
  })

  it_('rolls up what an agent brings that was away for ten days, before its samples end by age', async () => {
    const start = slotOf(time.now() - days(10), hours(1))
    const backlog = Array.from({ length: 1_200 }, (_, nth) => sampleAt(start + nth * seconds(60), 0.25))
    await keep('endpoint-1', ...backlog)
    await eventually(async () => expect(await busyOf(hours(1))).toHaveLength(20))
    expect((await busyOf(minutes(5))).map(({ samples }) => samples)).toEqual(Array.from({ length: 240 }, () => 5))
    await time.advance(hours(1))
    await eventually(async () => expect(await instants()).toEqual([]))
    expect(await busyOf(minutes(5))).toHaveLength(240)
  })

  it_('keeps the fuller roll-up when a straggler comes after its slot has lost its samples', async () => {
    const slot = slotOf(time.now() - days(3), minutes(5))
    await keep('endpoint-1', sampleAt(slot, 0.1), sampleAt(slot + 1, 0.3))
    await eventually(async () => expect(await busyOf(minutes(5))).toHaveLength(1))
    await store.db.deleteFrom('samples').execute()
    await keep('endpoint-1', sampleAt(slot + 2, 0.9))
    await eventually(async () => expect(await marks()).toBe(0))
    expect(await busyOf(minutes(5))).toMatchObject([{ samples: 2, busy: { max: 0.3 } }])
  })

  it_('goes on with what a crash has left', async () => {
    await keep('endpoint-1', sampleAt(time.now() - hours(2)))
    await measure.stop()
    measure = startMeasure({ store, time, log: pino({ level: 'silent' }) })
    await eventually(async () => expect(await busyOf(hours(1))).toHaveLength(1))
  })

  it_('ends each step after its time, however much there is', async () => {
    const now = time.now()
    const row = (endpoint_id: string, at: number) => ({ endpoint_id, at, body: JSON.stringify(sampleAt(at)) })
    const old = Array.from({ length: 1_200 }, (_, nth) => row('endpoint-1', now - days(3) + nth))
    const kept = row('endpoint-2', now - days(1))
    const rolled = (step_ms: number, at: number) => ({ endpoint_id: 'endpoint-3', step_ms, at, samples: 1, body: '{}' })
    await store.db.transaction().execute(async (tx) => {
      await store.capabilities.putRows(tx, 'samples', [...old, kept], 'ignore')
      const fine = [31, 29].map((count) => rolled(minutes(5), now - days(count)))
      const coarse = [401, 399].map((count) => rolled(hours(1), now - days(count)))
      await store.capabilities.putRows(tx, 'rollups', [...fine, ...coarse], 'ignore')
    })
    await time.advance(hours(1))
    await eventually(async () => {
      expect(await instants()).toEqual([kept.at])
      const left = await store.reader.selectFrom('rollups').select('at').orderBy('at').execute()
      expect(left.map(({ at }) => at)).toEqual([now - days(399), now - days(29)])
    })
  })
})
