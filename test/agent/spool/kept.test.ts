import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { days, hours } from '#shared/domain/time.ts'
import type { DurableSpool, SpoolOptions } from '../../../agent/spool/spool.ts'
import { FakeTime } from '../../support/fake-time.ts'
import { openTestSpool, signalRecord, temporaryFolder } from './records.ts'

const maxBytes = 1_048_576

async function opened(dir: string, changed: Partial<SpoolOptions>, bound = maxBytes): Promise<DurableSpool> {
  const spool = await openTestSpool(dir, bound, changed)
  onTestFinished(() => spool.close())
  return spool
}

/** Each fills a quarter of a segment. */
async function appendMany(spool: DurableSpool, lane: 'signals' | 'samples', count: number): Promise<void> {
  for (let index = 1; index <= count; index += 1) await spool.append(lane, signalRecord(String(index), 4_000))
}

it('keeps signals for a while after their acknowledgement, and samples not at all', async () => {
  const time = new FakeTime()
  const spool = await opened(temporaryFolder(), { time, keepAcknowledgedMs: days(2) })
  await appendMany(spool, 'signals', 20)
  await appendMany(spool, 'samples', 20)
  spool.acknowledge('signals', 20)
  spool.acknowledge('samples', 20)
  expect([spool.firstKept('signals'), spool.firstKept('samples') > 16]).toEqual([1, true])
  await time.advance(days(2) + hours(1))
  expect(spool.firstKept('signals')).toBeGreaterThan(16)
})

it('counts that while from the acknowledgement, over a restart too', async () => {
  const dir = temporaryFolder()
  const time = new FakeTime()
  const before = await openTestSpool(dir, maxBytes, { time, keepAcknowledgedMs: days(2) })
  await appendMany(before, 'signals', 20)
  await time.advance(days(30))
  before.acknowledge('signals', 20)
  await before.close()
  await time.advance(days(1))
  const spool = await opened(dir, { time, keepAcknowledgedMs: days(2) })
  expect(spool.firstKept('signals')).toBe(1)
  await time.advance(days(1) + hours(1))
  expect(spool.firstKept('signals')).toBeGreaterThan(16)
})

it('begins a new segment each day, so that a quiet lane lets go, too', async () => {
  const dir = temporaryFolder()
  const time = new FakeTime()
  const spool = await opened(dir, { time, keepAcknowledgedMs: days(2) })
  for (let day = 1; day <= 5; day += 1) {
    spool.acknowledge('signals', await spool.append('signals', signalRecord(`day ${day}`)))
    await time.advance(days(1) + hours(1))
  }
  expect(spool.firstKept('signals')).toBeGreaterThan(1)
  expect(readdirSync(join(dir, spool.epoch)).filter((file) => file.startsWith('signals-')).length).toBeLessThan(5)
})

it('lets what is acknowledged go first of all when there is no room', async () => {
  const spool = await opened(temporaryFolder(), {}, 262_144)
  await appendMany(spool, 'samples', 4)
  await appendMany(spool, 'signals', 40)
  spool.acknowledge('signals', 40)
  await appendMany(spool, 'samples', 40)
  expect(spool.firstKept('signals')).toBeGreaterThan(20)
  expect(spool.firstKept('samples')).toBe(1)
})

it('keeps what a collector that was set back wants again as if it had never been acknowledged', async () => {
  const time = new FakeTime()
  const spool = await opened(temporaryFolder(), { time, keepAcknowledgedMs: days(2) })
  await appendMany(spool, 'signals', 40)
  spool.noteSent('signals', 40)
  spool.acknowledge('signals', 40)
  expect(spool.confirm({ signals: 10 })).toBe(true)
  expect([spool.acknowledged('signals'), spool.everAcknowledged('signals')]).toEqual([10, 40])
  await time.advance(days(3))
  await appendMany(spool, 'samples', 300)
  expect(spool.firstKept('signals')).toBeLessThanOrEqual(11)
  expect(spool.read('signals', 10, 1, 1_000_000)[0]?.seq).toBe(11)
})
