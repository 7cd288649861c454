import { expect, it } from 'vitest'
import { seconds } from '#shared/domain/time.ts'
import type { AgentMessage } from '#shared/protocol/messages.ts'
import type { Lane } from '#shared/protocol/record.ts'
import { FakeTime } from '../../support/fake-time.ts'
import { openTestSpool, signalRecord, temporaryFolder } from '../spool/records.ts'
import { acknowledge, connected, type ScriptedCollector, startScriptedCollector, startTestWire, welcome } from './scripted-collector.ts'

const within = { timeout: seconds(5) }
const passed = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
const framesOf = ({ connections }: ScriptedCollector): number => connections[0]?.heard.filter(({ kind }) => kind === 'records').length ?? 0

const skippedIn = ({ connections }: ScriptedCollector) =>
  connections.flatMap(({ heard }) => heard).flatMap((message) => (message.kind === 'skipped' ? gapIn(message) : []))
const gapIn = ({ lane, from, to, why }: Extract<AgentMessage, { kind: 'skipped' }>) => ({ lane, from, to, why })

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, index) => from + index)

it('sends no sample and no inventory before all of the security lane is acknowledged, and a fresh one next', async () => {
  const held: Lane[] = ['security']
  const collector = await startScriptedCollector({
    ...{ acknowledges: (lane) => !held.includes(lane), credit: 100 },
    onHello: (connection, hello) => welcome(connection, hello, {}, 100),
  })
  const spool = await openTestSpool(temporaryFolder())
  await Promise.all(range(1, 500).map((about) => spool.append('samples', signalRecord(String(about)))))
  await spool.append('inventory', signalRecord('1'))
  await spool.append('signals', signalRecord('1'))
  await Promise.all(range(1, 60).map((about) => spool.append('security', signalRecord(String(about)))))
  await startTestWire(collector, { spool })
  const lanes = () => collector.connections[0]?.heard.slice(1).map((message) => message.kind === 'records' && message.lane)
  await expect.poll(lanes, within).toEqual(['security', 'security', 'signals'])
  await passed(100)
  expect(lanes()).toEqual(['security', 'security', 'signals'])

  held.splice(0, 1, 'samples')
  acknowledge(collector.connections[0], spool.epoch, 'security', 60, 100)
  await expect.poll(() => collector.seqs('samples').length, within).toBe(90)
  expect(lanes()?.slice(3, 5)).toEqual(['inventory', 'samples'])
  await spool.append('security', signalRecord('fresh'))
  await expect.poll(() => spool.acknowledged('security'), within).toBe(61)
  expect(collector.seqs('samples').length).toBe(90)
})

it.each([
  [100, 90],
  [2, 1],
  [1, 1],
])('lets a fresh security record go out beyond a credit of %i that is full', async (credit, samples) => {
  const collector = await startScriptedCollector({
    ...{ acknowledges: (lane) => lane === 'security', credit },
    onHello: (connection, hello) => welcome(connection, hello, {}, credit),
  })
  const spool = await openTestSpool(temporaryFolder())
  await Promise.all(range(1, 200).map((about) => spool.append('samples', signalRecord(String(about)))))
  await startTestWire(collector, { spool })
  await expect.poll(() => collector.seqs('samples').length, within).toBe(samples)
  await Promise.all(range(1, 120).map((about) => spool.append('security', signalRecord(String(about)))))
  await expect.poll(() => spool.acknowledged('security'), within).toBe(120)
  expect(collector.seqs('samples').length).toBe(samples)
})

it('counts records and not seqs as unacknowledged: a gap of any length holds up nothing', async () => {
  const collector = await startScriptedCollector({ acknowledges: (lane) => lane !== 'samples' })
  const spool = await openTestSpool(temporaryFolder(), 200_000)
  for (const about of range(1, 60)) await spool.append('samples', signalRecord(String(about), 4_000))
  spool.lose('signals', 5_000)
  await spool.append('signals', signalRecord('behind the gap'))
  await startTestWire(collector, { spool })
  await expect.poll(() => spool.acknowledged('signals'), within).toBe(5_001)
  expect(skippedIn(collector)).toContainEqual({ lane: 'signals', from: 1, to: 5_000, why: expect.stringContaining('lost') })
  await expect.poll(() => collector.seqs('samples').at(-1), within).toBe(60)
})

it('has no more of what can wait on its way than a slow line brings over soon', async () => {
  const collector = await startScriptedCollector({ acknowledges: false })
  const spool = await openTestSpool(temporaryFolder())
  for (const about of range(1, 200)) await spool.append('samples', signalRecord(String(about), 10_000))
  await startTestWire(collector, { spool })
  await expect.poll(() => collector.seqs('samples').length, within).toBeGreaterThan(20)
  await passed(100)
  const frames = collector.connections[0]?.heard.map((frame) => JSON.stringify(frame).length) ?? []
  expect(Math.max(...frames)).toBeLessThan(70_000)
  expect(frames.reduce((sum, bytes) => sum + bytes)).toBeLessThan(330_000)
})

it('sends no more frames a second than half of what the collector takes', async () => {
  const collector = await startScriptedCollector()
  const time = new FakeTime()
  const { spool, wire } = await startTestWire(collector, { time })
  await connected(wire)
  for (const about of range(1, 1_000)) await spool.append('security', signalRecord(String(about)))
  await expect.poll(() => framesOf(collector), within).toBe(1_000)
  for (const about of range(1, 30)) await spool.append('security', signalRecord(String(about)))
  await passed(50)
  expect(framesOf(collector)).toBe(1_000)
  await time.advance(10)
  await expect.poll(() => spool.acknowledged('security'), within).toBe(1_030)
  expect(framesOf(collector)).toBeLessThanOrEqual(1_010)
})

it('puts at most 50 records and 256 KiB into a frame', async () => {
  const collector = await startScriptedCollector()
  const spool = await openTestSpool(temporaryFolder())
  await Promise.all(range(1, 70).map((about) => spool.append('signals', signalRecord(String(about), 10_000))))
  await startTestWire(collector, { spool })
  await expect.poll(() => spool.acknowledged('signals'), within).toBe(70)
  const frames = collector.connections[0]?.heard.filter((message) => message.kind === 'records') ?? []
  expect(Math.max(...frames.map((frame) => JSON.stringify(frame).length))).toBeLessThan(280_000)
})

it('reports a gap as skipped and goes on behind it', async () => {
  const collector = await startScriptedCollector()
  const spool = await openTestSpool(temporaryFolder(), 200_000)
  for (const about of range(1, 60)) await spool.append('samples', signalRecord(String(about), 4_000))
  const firstKept = spool.firstKept('samples')
  await startTestWire(collector, { spool })
  await expect.poll(() => spool.acknowledged('samples'), within).toBe(60)
  expect(skippedIn(collector)).toMatchObject([{ lane: 'samples', from: 1, to: firstKept - 1 }])
  expect(collector.seqs('samples')).toEqual(range(firstKept, 60))
})
