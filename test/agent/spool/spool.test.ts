import { appendFileSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import type { Lane } from '#shared/protocol/record.ts'
import type { Spool } from '../../../agent/spool/spool.ts'
import { aboutOf, openTestSpool, signalRecord, temporaryFolder } from './records.ts'

async function opened(dir: string, maxBytes?: number): Promise<Spool> {
  const spool = await openTestSpool(dir, maxBytes)
  onTestFinished(() => spool.close())
  return spool
}

const abouts = (spool: Spool, lane: Lane, after = 0): string[] => spool.read(lane, after, 1_000, 1_000_000).map(({ body }) => aboutOf(body))
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
  const spool = await openTestSpool(dir, 1_048_576)
  for (let index = 0; index < 20; index += 1) await spool.append('signals', signalRecord(String(index), 4_000))
  expect(filesOf(dir, spool).length).toBeGreaterThan(3)
  spool.acknowledge('signals', 20)
  expect(filesOf(dir, spool)).toHaveLength(1)
  await spool.close()
  const again = await opened(dir, 1_048_576)
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

it('refuses what no frame could carry', async () => {
  const spool = await opened(temporaryFolder())
  await expect(spool.append('signals', signalRecord('huge', 300_000))).rejects.toMatchObject({ code: 'record-too-large' })
})

it('takes what is unacknowledged along into a new epoch', async () => {
  const dir = temporaryFolder()
  const spool = await openTestSpool(dir)
  await Promise.all(['a', 'b', 'c'].map((about) => spool.append('signals', signalRecord(about))))
  spool.acknowledge('signals', 1)
  const old = spool.epoch
  const [, late] = await Promise.all([spool.restart('test'), spool.append('signals', signalRecord('d'))])
  expect(spool.epoch).not.toBe(old)
  expect(late).toBe(3)
  expect(abouts(spool, 'signals')).toEqual(['b', 'c', 'd'])
  await spool.close()
  expect(existsSync(join(dir, old))).toBe(false)
  expect(abouts(await opened(dir), 'signals')).toEqual(['b', 'c', 'd'])
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
