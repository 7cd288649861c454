import { appendFileSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { hours } from '#shared/domain/time.ts'
import type { Lane } from '#shared/protocol/record.ts'
import type { Spool, Spooled } from '../../../agent/spool/spool.ts'
import { FakeTime } from '../../support/fake-time.ts'
import { aboutOf, openTestSpool, reportOf, signalRecord, temporaryFolder } from './records.ts'

async function opened(dir: string, maxBytes?: number): Promise<Spool> {
  const spool = await openTestSpool(dir, maxBytes)
  onTestFinished(() => spool.close())
  return spool
}

const abouts = (spool: Spool, lane: Lane, after = 0): string[] => readAll(spool, lane, after).map(({ body }) => aboutOf(body))
/** Over the borders of segments, too. */
function readAll(spool: Spool, lane: Lane, after: number): Spooled[] {
  const found = spool.read(lane, after, 1_000, 1_000_000)
  return found.length === 0 ? [] : [...found, ...readAll(spool, lane, found.at(-1)?.seq ?? 0)]
}
const filesOf = (dir: string, spool: Spool): string[] => readdirSync(join(dir, spool.epoch)).filter((file) => file.endsWith('.log'))

it('gives each lane its own numbers, and returns what was appended in order', async () => {
  const spool = await opened(temporaryFolder())
  const seqs = await Promise.all(['a', 'b', 'c'].map((about) => spool.append('signals', signalRecord(about))))
  expect(seqs).toEqual([1, 2, 3])
  expect(await spool.append('security', signalRecord('d'))).toBe(1)
  expect(abouts(spool, 'signals')).toEqual(['a', 'b', 'c'])
  expect(abouts(spool, 'signals', 2)).toEqual(['c'])
  expect(spool.last('signals')).toBe(3)
})

it('holds everything over a restart, with its numbers and its epoch', async () => {
  const dir = temporaryFolder()
  const before = await openTestSpool(dir)
  await Promise.all(['a', 'b'].map((about) => before.append('signals', signalRecord(about))))
  await before.close()
  const after = await opened(dir)
  expect(after.epoch).toBe(before.epoch)
  expect(abouts(after, 'signals')).toEqual(['a', 'b'])
  expect(await after.append('signals', signalRecord('c'))).toBe(3)
})

it('reads no more than was asked for, but always at least one record', async () => {
  const spool = await opened(temporaryFolder())
  await Promise.all(['a', 'b', 'c'].map((about) => spool.append('signals', signalRecord(about, 5_000))))
  expect(spool.read('signals', 0, 2, 1_000_000)).toHaveLength(2)
  expect(spool.read('signals', 0, 10, 1)).toHaveLength(1)
})

it('tells its listeners after the record may be sent', async () => {
  const spool = await opened(temporaryFolder())
  const seen: [Lane, number][] = []
  const stop = spool.onAppended((lane) => seen.push([lane, spool.sendable(lane)]))
  await spool.append('security', signalRecord('a'))
  stop()
  await spool.append('security', signalRecord('b'))
  expect(seen).toEqual([['security', 1]])
})

it('deletes segments once they are wholly acknowledged, and keeps counting from there after a restart', async () => {
  const dir = temporaryFolder()
  const spool = await openTestSpool(dir, 1_048_576, { keepAcknowledgedMs: 0 })
  for (let index = 0; index < 20; index += 1) await spool.append('signals', signalRecord(String(index), 4_000))
  expect(filesOf(dir, spool).length).toBeGreaterThan(3)
  spool.acknowledge('signals', 20)
  expect(filesOf(dir, spool)).toHaveLength(1)
  await spool.close()
  const again = await opened(dir, 1_048_576)
  expect(filesOf(dir, again)).toHaveLength(1)
  expect(again.acknowledged('signals')).toBe(20)
  expect(again.last('signals')).toBe(20)
  expect(await again.append('signals', signalRecord('next'))).toBe(21)
})

it('drops the oldest samples first when it is full, then inventory, and never a security record for anything else', async () => {
  const dir = temporaryFolder()
  const spool = await opened(dir, 200_000)
  await spool.append('security', signalRecord('kept', 10_000))
  for (let index = 0; index < 60; index += 1) await spool.append('samples', signalRecord(`sample-${index}`, 4_000))
  expect(spool.firstKept('samples')).toBeGreaterThan(1)
  const sampleBefore = spool.firstKept('samples')
  for (let index = 0; index < 40; index += 1) await spool.append('signals', signalRecord(`signal-${index}`, 4_000))
  expect(spool.firstKept('samples')).toBeGreaterThan(sampleBefore)
  expect(abouts(spool, 'security')).toEqual(['kept'])
  expect(abouts(spool, 'signals', 39)).toEqual(['signal-39'])
  expect(filesOf(dir, spool).reduce((sum, file) => sum + statSync(join(dir, spool.epoch, file)).size, 0)).toBeLessThanOrEqual(200_000)
  await expect(spool.append('samples', signalRecord('no-room', 100_000))).rejects.toMatchObject({ code: 'spool-full' })
})

it('refuses to remember more than a disk that hangs could ever be given', async () => {
  const spool = await opened(temporaryFolder())
  const appended = await Promise.allSettled(
    Array.from({ length: 20_100 }, (_, index) => spool.append('signals', signalRecord(String(index)))),
  )
  const refused = appended.filter(({ status }) => status === 'rejected')
  expect(refused).toHaveLength(100)
  expect(refused[0]).toMatchObject({ reason: { code: 'spool-busy' } })
  expect(spool.last('signals')).toBe(20_000)
})

it('refuses what no frame could carry', async () => {
  const spool = await opened(temporaryFolder())
  await expect(spool.append('signals', signalRecord('huge', 300_000))).rejects.toMatchObject({ code: 'record-too-large' })
})

it('takes what is left along into a new epoch, behind it the report of it, and lists of what stood not at all', async () => {
  const dir = temporaryFolder()
  const spool = await openTestSpool(dir, 16_777_216, { reportOf })
  await spool.append('signals', { v: 1, type: 'standing', signals: [] })
  await Promise.all(['a', 'b', 'c'].map((about) => spool.append('signals', signalRecord(about))))
  spool.acknowledge('signals', 1)
  const old = spool.epoch
  const [, late] = await Promise.all([spool.restart('test'), spool.append('signals', signalRecord('d'))])
  expect(spool.epoch).not.toBe(old)
  expect(late).toBe(5)
  expect(abouts(spool, 'signals')).toEqual(['a', 'b', 'c', 'test', 'd'])
  expect(spool.acknowledged('signals')).toBe(0)
  await spool.close()
  expect(existsSync(join(dir, old))).toBe(false)
  expect(abouts(await opened(dir), 'signals')).toEqual(['a', 'b', 'c', 'test', 'd'])
})

it('takes samples over without copying them, and counts them anew', async () => {
  const dir = temporaryFolder()
  const spool = await openTestSpool(dir, 1_048_576)
  for (let index = 1; index <= 40; index += 1) await spool.append('samples', signalRecord(String(index), 2_000))
  spool.acknowledge('samples', 12)
  await spool.restart('test')
  const kept = abouts(spool, 'samples')
  expect(kept.at(-1)).toBe('40')
  expect(Number(kept[0])).toBeLessThanOrEqual(13)
  expect(spool.read('samples', 0, 100, 10_000_000)[0]?.seq).toBe(1)
  expect(await spool.append('samples', signalRecord('41'))).toBe(kept.length + 1)
  await spool.restart('again')
  await spool.close()
  const again = await opened(dir, 1_048_576)
  expect(abouts(again, 'samples')).toEqual([...kept, '41'])
  expect(abouts(again, 'samples', 20)).toEqual([...kept, '41'].slice(20))
})

it('begins a new epoch that sorts behind the old one, also when the clock was set back', async () => {
  const dir = temporaryFolder()
  const time = new FakeTime()
  const spool = await openTestSpool(dir, 1_048_576, { time })
  const before = spool.epoch
  time.jump(-hours(1))
  await spool.restart('test')
  expect(spool.epoch > before).toBe(true)
  await spool.close()
})

it('shows another endpoint nothing of what was acknowledged before, and all that was not', async () => {
  const dir = temporaryFolder()
  const first = await openTestSpool(dir, 1_048_576, { endpointId: 'endpoint-1' })
  await Promise.all(['a', 'b'].map((about) => first.append('signals', signalRecord(about))))
  first.acknowledge('signals', 1)
  await first.close()
  const second = await openTestSpool(dir, 1_048_576, { endpointId: 'endpoint-2', reportOf })
  expect(abouts(second, 'signals')).toEqual(['b'])
  await second.close()
  const third = await openTestSpool(dir, 1_048_576, { endpointId: 'endpoint-2' })
  onTestFinished(() => third.close())
  expect(third.epoch).toBe(second.epoch)
})

it('reads a damaged record in the middle as a gap, and goes on behind it', async () => {
  const dir = temporaryFolder()
  const spool = await openTestSpool(dir)
  for (const about of ['a', 'b', 'c']) await spool.append('signals', signalRecord(about))
  await spool.close()
  const file = join(dir, spool.epoch, filesOf(dir, spool)[0] ?? '')
  writeFileSync(file, readFileSync(file, 'utf8').replace('happened to b', 'happened to B'))
  const again = await opened(dir)
  expect(again.read('signals', 0, 10, 100_000).map(({ seq }) => seq)).toEqual([1, 3])
  expect(await again.append('signals', signalRecord('d'))).toBe(4)
})

it('leaves the lines of a newer agent alone', async () => {
  const dir = temporaryFolder()
  const spool = await openTestSpool(dir)
  await spool.append('signals', signalRecord('a'))
  await spool.close()
  appendFileSync(join(dir, spool.epoch, filesOf(dir, spool)[0] ?? ''), '2 0badcafe 2 {"v":2}\n')
  await expect(openTestSpool(dir)).rejects.toMatchObject({ code: 'spool-too-new' })
})
