import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import type { Inventory } from '#shared/domain/inventory.ts'
import { addRollup, type Spreads, slotOf } from '#shared/domain/rollup.ts'
import type { Sample } from '#shared/domain/sample.ts'
import { storedColumns } from '#shared/domain/sample-columns.ts'
import { days, hours, minutes, seconds } from '#shared/domain/time.ts'
import type { Store } from '../../../server/store/store.ts'
import type { FakeTime } from '../../support/fake-time.ts'
import { databases, startDatabases, type World } from './world.ts'

const running = await startDatabases()
afterAll(running.stop)

const sampleAt = (at: number, busyRatio = 0.5): Sample => ({
  at,
  processor: { busyRatio, load1: 1, load5: 1, load15: 1 },
  memory: { totalBytes: 8, availableBytes: 4, swapTotalBytes: 0, swapUsedBytes: 0 },
  disks: [],
  networks: [],
  uptimeSeconds: 1,
})

const nothing = { manufacturer: '', model: '', serial: '', chassis: '', processor: '', cores: 1, memoryBytes: 1, isVirtual: false }
const anInventory: Inventory = {
  ...{ hostname: 'pc-1', platform: 'linux', system: { name: '', version: '', kernel: '', architecture: '' }, hardware: nothing },
  ...{ disks: [], interfaces: [], role: { role: 'server', reasons: [] } },
  agent: { version: '0.1.0\0', runtime: '', isolation: { isReady: false }, canaries: [] },
}

describe.each(databases)('on %s', (database) => {
  const isThere = running.has(database)
  let world: World
  let store: Store
  let time: FakeTime

  beforeEach(async () => {
    if (!isThere) return
    world = await running.open(database)
    ;({ store, time } = world)
    return () => world.close()
  })

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
  const it_ = it.skipIf(!isThere)

  it_('keeps a sample once', async () => {
    await world.keep('endpoint-1', sampleAt(1), sampleAt(2))
    await world.keep('endpoint-1', sampleAt(2), sampleAt(3))
    expect(await instants()).toEqual([1, 2, 3])
  })

  it_('keeps a record in one row for each five minutes that it reaches into', async () => {
    const slot = slotOf(time.now(), minutes(5))
    await world.keep('endpoint-1', ...[-20, -10, 0, 10].map((second) => sampleAt(slot + seconds(second))))
    const rows = await store.reader.selectFrom('samples').select('at').orderBy('at').execute()
    expect(rows.map(({ at }) => at - slot)).toEqual([seconds(-20), 0])
    expect((await instants()).map((at) => at - slot)).toEqual([-20, -10, 0, 10].map(seconds))
  })

  it_('rolls up what was stored one by one, before there were columns', async () => {
    const slot = slotOf(time.now() - hours(2), minutes(5))
    await world.keep('endpoint-1', sampleAt(slot, 0.1), sampleAt(slot + 1, 0.3))
    const body = JSON.stringify(sampleAt(slot + 2, 0.8))
    await store.db
      .insertInto('samples')
      .values({ endpoint_id: 'endpoint-1', at: slot + 2, body })
      .execute()
    await world.eventually(async () => expect(await busyOf(minutes(5))).toMatchObject([{ samples: 3, busy: { mean: 0.4, max: 0.8 } }]))
  })

  it_('keeps the latest inventory of an endpoint, with its role beside it', async () => {
    for (const at of [1, 2])
      await store.db.transaction().execute((tx) => world.measure().keepInventory(tx, 'endpoint-1', at, anInventory, 7))
    const rows = await store.reader.selectFrom('inventories').select(['at', 'role', 'agent_version', 'readiness']).execute()
    const readiness = JSON.stringify({ isReady: false, saidAt: 7 })
    expect(rows).toEqual([{ at: 2, role: 'server', agent_version: '0.1.0\ufffd', readiness }])
  })

  it_('keeps what an endpoint has installed as it said it last', async () => {
    const said = (version: string) => ({
      sources: [{ source: 'dpkg' as const, packages: [['a\0b', version] as [string, string]] }],
      leftOut: 1,
    })
    for (const at of [1, 2])
      await store.db.transaction().execute((tx) => world.measure().keepSoftware(tx, 'endpoint-1', at, said(`${at}.0`)))
    const rows = await store.reader.selectFrom('software').selectAll().execute()
    expect(rows.map(({ body, ...row }) => ({ ...row, body: JSON.parse(body) as unknown }))).toEqual([
      { endpoint_id: 'endpoint-1', at: 2, body: said('2.0') },
    ])
  })

  it_('rolls five minutes up, and five minutes into hours, with minimum, mean and maximum', async () => {
    const hour = slotOf(time.now(), hours(1)) - hours(1)
    await world.keep('endpoint-1', sampleAt(hour, 0.1), sampleAt(hour + seconds(10), 0.6), sampleAt(hour + minutes(5), 0.2))
    await world.eventually(async () => expect(await busyOf(hours(1))).toHaveLength(1))
    expect(await busyOf(minutes(5))).toEqual([
      { at: hour, samples: 2, busy: { min: 0.1, mean: 0.35, max: 0.6, count: 2 } },
      { at: hour + minutes(5), samples: 1, busy: { min: 0.2, mean: 0.2, max: 0.2, count: 1 } },
    ])
    expect(await busyOf(hours(1))).toEqual([{ at: hour, samples: 3, busy: { min: 0.1, mean: 0.3, max: 0.6, count: 3 } }])
    expect(await world.marks()).toBe(0)
  })

  it_('marks a slot once while its mark stands, and anew when that ended or was never committed', async () => {
    const slot = slotOf(time.now(), minutes(5)) - hours(2)
    const failed = store.db.transaction().execute(async (tx) => {
      await world.keepIn(tx, 'endpoint-1', [sampleAt(slot)])
      throw new Error('the disk is full')
    })
    await expect(failed).rejects.toThrow('the disk is full')
    for (const second of [1, 2]) await world.keep('endpoint-1', sampleAt(slot + seconds(second)))
    expect(await world.marks()).toBe(1)
    await world.eventually(async () => expect(await busyOf(minutes(5))).toMatchObject([{ samples: 2 }]))
    await world.keep('endpoint-1', sampleAt(slot + seconds(3)))
    await world.eventually(async () => expect(await busyOf(minutes(5))).toMatchObject([{ samples: 3 }]))
  })

  it_('rolls a slot up anew when more of it comes, and no sooner than it is over', async () => {
    const slot = slotOf(time.now(), minutes(5))
    await world.keep('endpoint-1', sampleAt(slot, 0.1))
    await time.advance(slot + minutes(5) - time.now())
    expect(await busyOf(minutes(5))).toEqual([])
    await world.eventually(async () => expect(await busyOf(minutes(5))).toMatchObject([{ samples: 1 }]))
    await world.keep('endpoint-1', sampleAt(slot + 1, 0.9))
    await world.eventually(async () => expect(await busyOf(minutes(5))).toMatchObject([{ samples: 2, busy: { mean: 0.5 } }]))
  })

  it_('rolls up once what comes once a minute, the hour above it too', async () => {
    await time.advance(slotOf(time.now(), hours(1)) + hours(1) + seconds(47) - time.now())
    const begin = time.now() - seconds(47)
    const dues = new Set<string>()
    for (let minute = 1; minute < 70; minute += 1) {
      await time.advance(minutes(1))
      await time.waitsFor(world.keep('endpoint-1', ...[60, 50, 40, 30, 20, 10].map((second) => sampleAt(time.now() - seconds(second)))))
      for (const { step_ms, at, due_at } of await store.reader.selectFrom('rollups_due').selectAll().execute())
        if (slotOf(at, hours(1)) === begin) dues.add(`${step_ms} ${at} ${due_at}`)
    }
    expect(dues.size).toBe(13)
    await world.eventually(async () => expect(await busyOf(hours(1))).toMatchObject([{ at: begin, samples: 356 }, {}]))
  })

  it_('rolls up what an agent brings that was away for ten days, before its samples end by age', async () => {
    const start = slotOf(time.now() - days(10), hours(1))
    const backlog = Array.from({ length: 1_200 }, (_, nth) => sampleAt(start + nth * seconds(60), 0.25))
    await world.keep('endpoint-1', ...backlog)
    await world.eventually(async () => expect(await busyOf(hours(1))).toHaveLength(20))
    expect((await busyOf(minutes(5))).map(({ samples }) => samples)).toEqual(Array.from({ length: 240 }, () => 5))
    await time.advance(hours(1))
    await world.eventually(async () => expect(await instants()).toEqual([]))
    expect(await busyOf(minutes(5))).toHaveLength(240)
  })

  it_('keeps the fuller roll-up when a straggler comes after its slot has lost its samples', async () => {
    const slot = slotOf(time.now() - days(3), minutes(5))
    await world.keep('endpoint-1', sampleAt(slot, 0.1), sampleAt(slot + 1, 0.3))
    await world.eventually(async () => expect(await busyOf(minutes(5))).toHaveLength(1))
    await store.db.deleteFrom('samples').execute()
    await world.keep('endpoint-1', sampleAt(slot + 2, 0.9))
    await world.eventually(async () => expect(await world.marks()).toBe(0))
    expect(await busyOf(minutes(5))).toMatchObject([{ samples: 2, busy: { max: 0.3 } }])
  })

  it_('goes on with what a crash has left', async () => {
    await world.keep('endpoint-1', sampleAt(time.now() - hours(2)))
    await world.restart()
    await world.eventually(async () => expect(await busyOf(hours(1))).toHaveLength(1))
  })

  it_('ends what a machine was and had, 400 days after it was removed', async () => {
    const now = time.now()
    const machine = (id: string, removed_at: number | null) => ({
      ...{ id, organisation_id: 'o', site_id: null, hostname: id, platform: 'linux' as const, confirmed_role: null },
      ...{ enrolled_at: 0, removed_at },
    })
    const long = Array.from({ length: 120 }, (_, nth) => machine(`long-${nth}`, now - days(401)))
    const machines = [...long, machine('lately', now - days(399)), machine('here', null)]
    await store.db.transaction().execute(async (tx) => {
      await store.capabilities.putRows(tx, 'endpoints', machines, 'ignore')
      for (const { id } of machines) {
        await world.measure().keepInventory(tx, id, now, anInventory, now)
        await world.measure().keepSoftware(tx, id, now, { sources: [], leftOut: 0 })
      }
    })
    const left = async (table: 'inventories' | 'software') =>
      (await store.reader.selectFrom(table).select('endpoint_id').orderBy('endpoint_id').execute()).map((row) => row.endpoint_id)
    await time.advance(hours(1))
    await world.eventually(async () => {
      expect(await left('software')).toEqual(['here', 'lately'])
      expect(await left('inventories')).toEqual(['here', 'lately'])
    })
    await store.db.deleteFrom('endpoints').execute()
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
    await world.eventually(async () => {
      expect(await instants()).toEqual([kept.at])
      const left = await store.reader.selectFrom('rollups').select('at').orderBy('at').execute()
      expect(left.map(({ at }) => at)).toEqual([now - days(399), now - days(29)])
    })
  })
})
