import { globSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { samplesIn } from '#shared/domain/sample-columns.ts'
import { minutes, seconds } from '#shared/domain/time.ts'
import { RecordBody } from '#shared/protocol/record.ts'
import { defineDetector, type Watching } from '../../../agent/sense/define-detector.ts'
import { detectors } from '../../../agent/sense/detectors.ts'
import { MemoryFile, startBench } from './bench-machine.ts'

const finding = { kind: 'health.test.trouble', about: 'it', severity: 'low' as const, summary: 'trouble' }
const linux = { platforms: ['linux' as const], every: minutes(1) }
const fine = defineDetector({ ...linux, name: 'fine', sense: async () => [finding] })

describe('a detector that does not work', () => {
  it('harms no other, is raised, and cleared when it works again', async () => {
    let isBroken = true
    const throwing = defineDetector({
      ...linux,
      name: 'throwing',
      async sense() {
        if (isBroken) throw new Error('no such file')
        return []
      },
    })
    const { time, spool, sense } = await startBench([throwing, fine])
    await time.advance(minutes(3))
    expect(spool.signals().map((signal) => [signal.state, signal.kind, signal.severity, signal.fingerprint])).toEqual([
      ['raised', 'system.detector.failed', 'medium', 'system.detector.failed:throwing'],
      ['raised', 'health.test.trouble', 'low', 'health.test.trouble:it'],
    ])
    isBroken = false
    await time.advance(minutes(2))
    expect(spool.signals().at(-1)).toMatchObject({ state: 'cleared', fingerprint: 'system.detector.failed:throwing' })
    await sense.stop()
  })

  it('that hangs is told of after its deadline, aborted, and not started a second time', async () => {
    const stops: AbortSignal[] = []
    const hanging = defineDetector({
      ...linux,
      name: 'hanging',
      sense: (_, { stop }) => {
        stops.push(stop)
        return new Promise(() => undefined)
      },
    })
    const { time, spool, sense } = await startBench([hanging, fine])
    await time.advance(minutes(5))
    expect(stops.map((stop) => stop.aborted)).toEqual([true])
    expect(spool.signals().map((signal) => signal.about)).toEqual(['it', 'hanging'])
    await sense.stop()
  })

  it('that answers after its deadline is not believed', async () => {
    const answer = Promise.withResolvers<(typeof finding)[]>()
    const late = defineDetector({ ...linux, name: 'late', sense: () => answer.promise })
    const { time, spool, sense } = await startBench([late])
    await time.advance(minutes(1))
    answer.resolve([finding])
    await time.advance(seconds(1))
    expect(spool.signals().map((signal) => signal.kind)).toEqual(['system.detector.failed'])
    await sense.stop()
  })

  it('stays raised over a restart until it works', async () => {
    const file = new MemoryFile()
    const broken = defineDetector({ ...linux, name: 'd', sense: () => Promise.reject(new Error('broken')) })
    const first = await startBench([broken], { file })
    await first.time.advance(minutes(1))
    await first.sense.stop()
    const second = await startBench([defineDetector({ ...linux, name: 'd', sense: async () => [] })], { file })
    await second.time.advance(minutes(1))
    expect(second.spool.signals().map((signal) => signal.state)).toEqual(['cleared'])
    await second.sense.stop()
  })

  it('and samples that can not be taken are told of like any other', async () => {
    const { machine, time, spool, sense } = await startBench([fine])
    machine.trouble = new Error('/proc is not there')
    await time.advance(minutes(1))
    expect(spool.signals().map((signal) => signal.about)).toEqual(expect.arrayContaining(['samples', 'it']))
    await sense.stop()
  })
})

describe('a watch', () => {
  it('that breaks is raised, started again after half a minute, and cleared once it has run for a minute', async () => {
    let starts = 0
    const watching = defineDetector({
      name: 'log',
      platforms: ['linux'],
      async watch(probe, _say, { broken }): Promise<Watching> {
        starts += 1
        await probe.followFile('log', { onLine: () => undefined, onEnd: broken })
        return { stop: async () => undefined }
      },
    })
    const { machine, time, spool, sense } = await startBench([watching])
    await time.advance(seconds(5))
    machine.endLogs('the disk went away')
    await time.advance(seconds(29))
    expect(starts).toBe(1)
    expect(spool.signals().map((signal) => [signal.state, signal.summary])).toEqual([
      ['raised', 'The detector log does not work on this endpoint: the disk went away'],
    ])
    await time.advance(seconds(2))
    expect(starts).toBe(2)
    machine.endLogs('the disk went away again')
    await time.advance(seconds(31))
    expect(starts).toBe(3)
    expect(spool.signals()).toHaveLength(1)
    await time.advance(seconds(60))
    expect(spool.signals().at(-1)?.state).toBe('cleared')
    await sense.stop()
  })

  it('that can not be started is tried again; its rearm and decoys are used once it runs', async () => {
    let starts = 0
    const guarding = defineDetector({
      name: 'guard',
      platforms: ['linux'],
      async watch(): Promise<Watching> {
        starts += 1
        if (starts === 1) throw new Error('no folder')
        return { stop: async () => undefined, rearm: async () => 5, decoys: () => ['/home/kim/Contract draft.docx'] }
      },
    })
    const { time, spool, sense } = await startBench([guarding])
    await time.advance(seconds(10))
    expect(await sense.rearm()).toBe(0)
    await time.advance(seconds(30))
    expect(await sense.rearm()).toBe(5)
    const inventories = spool.of('inventory').map((body) => body.type === 'inventory' && body.inventory.agent.canaries)
    expect(inventories).toEqual([[], ['/home/kim/Contract draft.docx']])
    await sense.stop()
  })
})

describe('samples', () => {
  const samplesOf = (bodies: RecordBody[]) => bodies.map((body) => (body.type === 'sample-columns' ? samplesIn(body.samples) : []))
  const counts = (bodies: RecordBody[]): number[] => samplesOf(bodies).map(({ length }) => length)

  it('go alone at first, then six to a record, and what is left when the agent stops', async () => {
    const { time, spool, sense } = await startBench([])
    await time.advance(seconds(150))
    expect(counts(spool.of('samples'))).toEqual([1, 6, 6])
    await sense.stop()
    expect(counts(spool.of('samples'))).toEqual([1, 6, 6, 2])
    for (const body of spool.of('samples')) expect(RecordBody.safeParse(body).success).toBe(true)
  })

  it('come at once, and every two seconds, while somebody watches', async () => {
    const { time, spool, sense } = await startBench([])
    await time.advance(seconds(35))
    expect(counts(spool.of('samples'))).toEqual([1])
    sense.setWatched(true)
    await time.advance(0)
    expect(counts(spool.of('samples'))).toEqual([1, 3])
    await time.advance(seconds(6))
    expect(counts(spool.of('samples'))).toEqual([1, 3, 1, 1, 1])
    sense.setWatched(false)
    await time.advance(seconds(2))
    await time.advance(seconds(20))
    expect(counts(spool.of('samples'))).toEqual([1, 3, 1, 1, 1])
    await sense.stop()
  })

  it('hold rates between two readings; a counter that starts over has none', async () => {
    const { machine, time, spool, sense } = await startBench([])
    await time.advance(0)
    machine.processorNow = { ...machine.processorNow, busyTicks: 600, totalTicks: 2_000 }
    machine.networksNow = [{ name: 'eth0', receivedBytes: 10_000, sentBytes: 5_000, errors: 10 }]
    await time.advance(seconds(10))
    const [first] = samplesOf(spool.of('samples')).flat()
    expect(first).toMatchObject({
      processor: { busyRatio: 0.5 },
      networks: [{ name: 'eth0', receivedBytesPerSecond: 1_000, sentBytesPerSecond: 500, errorsPerSecond: 1 }],
    })
    machine.networksNow = [{ name: 'eth0', receivedBytes: 5, sentBytes: 5, errors: 0 }]
    await time.advance(seconds(10))
    await sense.stop()
    const last = samplesOf(spool.of('samples')).flat().at(-1)
    expect(last?.networks[0]?.receivedBytesPerSecond).toBe(0)
  })
})

describe('the inventory', () => {
  it('is sent at start, and again only when something changed', async () => {
    const { machine, time, spool, sense } = await startBench([])
    await time.advance(minutes(60))
    expect(spool.of('inventory')).toHaveLength(1)
    expect(RecordBody.safeParse(spool.of('inventory')[0]).success).toBe(true)
    machine.hostnameNow = 'pc-2'
    await time.advance(minutes(12))
    expect(spool.of('inventory')).toHaveLength(2)
    await sense.stop()
  })
})

describe('the list of detectors', () => {
  it('holds every file of its folders', () => {
    const folders = ['detectors', 'health'].map((folder) => join(import.meta.dirname, '../../../agent/sense', folder))
    const files = folders.flatMap((cwd) => globSync('*.ts', { cwd }))
    expect(detectors.map((detector) => `${detector.name}.ts`).sort()).toEqual(files.sort())
  })
})
