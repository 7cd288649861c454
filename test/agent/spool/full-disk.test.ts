import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Lane } from '#shared/protocol/record.ts'
import type { DurableSpool } from '../../../agent/spool/spool.ts'
import { hasNoSmallDisk, smallDisk } from '../../support/small-disk.ts'
import { aboutOf, openTestSpool, reportOf, signalRecord, temporaryFolder } from './records.ts'

const mebibyte = 1_048_576
const maxBytes = 4 * mebibyte

async function opened(dir: string): Promise<DurableSpool> {
  const spool = await openTestSpool(join(dir, 'spool'), maxBytes, { reportOf })
  onTestFinished(() => spool.close())
  return spool
}

/** Appends until the spool refuses; how many it took. */
async function fillWith(spool: DurableSpool, lane: Lane, bytes: number, prefix = ''): Promise<number> {
  for (let count = 0; ; count += 1) {
    const taken = await spool.append(lane, signalRecord(`${prefix}${count}`, bytes)).catch(() => undefined)
    if (taken === undefined) return count
    if (count > 5_000) throw new Error('the disk is not full')
  }
}

function abouts(spool: DurableSpool, lane: Lane, after = 0): string[] {
  const found = spool.read(lane, after, 1_000, 10_000_000)
  return found.length === 0 ? [] : [...found.map(({ body }) => aboutOf(body)), ...abouts(spool, lane, found.at(-1)?.seq ?? 0)]
}

describe.skipIf(hasNoSmallDisk)('on a full disk', () => {
  it('gives up samples for a signal, and says so when there is nothing left to give up', async () => {
    const disk = smallDisk(2 * mebibyte)
    const spool = await opened(disk.dir)
    for (let count = 0; count < 200; count += 1) await spool.append('samples', signalRecord(String(count), 4_000))
    disk.fill()
    expect(await spool.append('security', signalRecord('a'))).toBe(1)
    expect(spool.firstKept('samples')).toBe(1)
    const taken = await fillWith(spool, 'signals', 4_000)
    expect(taken).toBeGreaterThan(150)
    expect(spool.firstKept('samples')).toBe(201)
    expect(await fillWith(spool, 'security', 4_000)).toBeLessThan(5)
    await expect(spool.append('security', signalRecord('b', 4_000))).rejects.toMatchObject({ code: 'disk-full' })
    expect([spool.firstKept('signals'), abouts(spool, 'security')[0]]).toEqual([1, 'a'])
  })

  it('has a reserve for signals, and takes it again once there is room', async () => {
    const disk = smallDisk(2 * mebibyte)
    const spool = await opened(disk.dir)
    const reserve = join(disk.dir, 'spool', 'reserve')
    expect(existsSync(reserve)).toBe(true)
    disk.fill()
    await expect(spool.append('samples', signalRecord('no room'))).rejects.toMatchObject({ code: 'disk-full' })
    expect(await fillWith(spool, 'security', 2_000)).toBeGreaterThan(20)
    expect(existsSync(reserve)).toBe(false)
    disk.empty()
    await spool.close()
    await opened(disk.dir)
    expect(existsSync(reserve)).toBe(true)
  })

  it('writes over what is acknowledged, so that a disk that stays full silences nobody who is listened to', async () => {
    const disk = smallDisk(2 * mebibyte)
    const spool = await opened(disk.dir)
    disk.fill()
    for (let round = 0; round < 20; round += 1) {
      for (let count = 0; count < 10; count += 1) await spool.append('security', signalRecord(`${round}-${count}`, 2_000))
      spool.acknowledge('security', spool.last('security'))
    }
    expect(spool.last('security')).toBe(200)
  })

  it('begins a new epoch there, and loses no signal over it', async () => {
    const disk = smallDisk(2 * mebibyte)
    const spool = await opened(disk.dir)
    for (let count = 0; count < 100; count += 1) await spool.append('samples', signalRecord(String(count), 4_000))
    for (let count = 0; count < 100; count += 1) await spool.append('signals', signalRecord(String(count), 1_000))
    disk.fill()
    await spool.restart('the reason')
    expect(abouts(spool, 'signals')).toEqual([...Array.from({ length: 100 }, (_, count) => String(count)), 'the reason'])
  })

  it('counts what was lost, over a restart while the disk is full, and says it in the lane where it is', async () => {
    const disk = smallDisk(2 * mebibyte)
    const first = await openTestSpool(join(disk.dir, 'spool'), maxBytes)
    await first.append('signals', signalRecord('before'))
    disk.fill()
    await fillWith(first, 'security', 2_000)
    first.lose('signals', 7)
    first.noteWaiting({ security: 3 })
    const more = await fillWith(first, 'signals', 2_000)
    // Killed here: nothing is closed, and the disk is still full.
    const second = await opened(disk.dir)
    expect([second.waitedBefore('security'), second.waitedBefore('signals')]).toEqual([3, 0])
    disk.empty()
    expect(await second.append('signals', signalRecord('after'))).toBe(9 + more)
    expect(second.read('signals', 0, 10, 100_000).flatMap(({ seq, lost }) => (lost ? [[seq, lost]] : []))).toEqual([[8, 7]])
  })
})

it('counts the signals it gave up at its bound, also into a new epoch', async () => {
  const spool = await openTestSpool(temporaryFolder(), 200_000)
  onTestFinished(() => spool.close())
  for (let count = 0; count < 100; count += 1) await spool.append('signals', signalRecord(String(count), 4_000))
  const lost = spool.firstKept('signals') - 1
  expect(lost).toBeGreaterThan(40)
  await spool.restart('test')
  const [first, second] = spool.read('signals', 0, 2, 100_000)
  expect([first?.seq, first?.lost, aboutOf(second?.body)]).toEqual([lost, lost, String(lost)])
})
