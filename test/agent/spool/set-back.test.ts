import { cpSync, readdirSync, readFileSync, renameSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import type { DurableSpool } from '../../../agent/spool/spool.ts'
import { aboutOf, openTestSpool, reportOf, signalRecord, temporaryFolder } from './records.ts'

async function opened(dir: string): Promise<DurableSpool> {
  const spool = await openTestSpool(dir, 1_048_576, { reportOf })
  onTestFinished(() => spool.close())
  return spool
}

const abouts = (spool: DurableSpool): string[] =>
  spool.read('signals', 0, 1_000, 1_000_000).map(({ body, lost }) => (lost ? `${lost} lost` : aboutOf(body)))
const append = async (spool: DurableSpool, ...names: string[]): Promise<void> => {
  for (const about of names) await spool.append('signals', signalRecord(about))
}
const copyOf = (dir: string): string => {
  const copy = temporaryFolder()
  cpSync(dir, copy, { recursive: true })
  return copy
}
/** Overwrites file by file, as a copy over the old one would. */
const writeOver = (dir: string, epoch: string, copy: string): void => {
  for (const file of readdirSync(join(copy, epoch))) writeFileSync(join(dir, epoch, file), readFileSync(join(copy, epoch, file)))
}

it('takes a cursor beyond what it sent for the sign of a lost disk, however much it has appended since, over restarts', async () => {
  const dir = temporaryFolder()
  const first = await openTestSpool(dir)
  await append(first, 'a')
  expect(first.confirm({})).toBe(true)
  const copy = copyOf(dir)
  await append(first, 'b', 'c')
  await first.close()

  for (const about of ['d', 'e', 'f']) {
    const restored = await openTestSpool(copy)
    await append(restored, about)
    await restored.close()
  }
  const last = await opened(copy)
  expect(last.last('signals')).toBe(4)
  expect(last.confirm({ signals: 3 })).toBe(false)
  await last.restart('the reason')
  expect(abouts(last)).toEqual(['a', 'd', 'e', 'f', 'the reason'])
  expect(last.confirm({})).toBe(true)
})

it('is not alarmed by a crash: what a confirmed log holds counts as sent', async () => {
  const dir = temporaryFolder()
  const first = await openTestSpool(dir)
  await append(first, 'a')
  first.confirm({})
  await append(first, 'b', 'c')
  // Killed here: nothing is closed.
  const second = await opened(dir)
  expect(second.confirm({ signals: 3 })).toBe(true)
  await first.close()
})

it('begins a new epoch at once when what it had sent is no longer there', async () => {
  const dir = temporaryFolder()
  const first = await openTestSpool(dir)
  await append(first, 'a', 'b', 'c')
  first.noteSent('signals', 3)
  first.confirm({ signals: 3 })
  await first.close()
  const file = join(dir, first.epoch, 'signals-000000000001.log')
  truncateSync(file, Math.floor(statSync(file).size / 2))
  const second = await opened(dir)
  expect(second.epoch).not.toBe(first.epoch)
  expect(abouts(second)).toEqual(['a', expect.stringContaining('no longer on its disk')])
})

const waysBack: [string, (dir: string, epoch: string, copy: string) => void][] = [
  ['is overwritten', writeOver],
  [
    'is replaced',
    (dir, _epoch, copy) => {
      renameSync(dir, `${dir}.gone`)
      renameSync(copy, dir)
    },
  ],
  [
    'is emptied',
    (dir) => {
      for (const name of readdirSync(dir)) rmSync(join(dir, name), { recursive: true })
    },
  ],
  ['is removed', (dir) => rmSync(dir, { recursive: true })],
]

it.each(waysBack)('keeps what is appended after its folder %s while it runs, says so, and never uses a seq twice', async (_, goBack) => {
  const dir = temporaryFolder()
  const spool = await opened(dir)
  await append(spool, 'a')
  const copy = copyOf(dir)
  await append(spool, 'b', 'c')
  const before = spool.epoch
  let restarts = 0
  spool.onRestarted(() => {
    restarts += 1
  })
  goBack(dir, before, copy)
  await Promise.all([append(spool, 'd'), append(spool, 'e')])
  expect(spool.epoch).not.toBe(before)
  expect(restarts).toBe(1)
  // What was overwritten is said to be lost; what stood in the way twice has one id.
  const kept = abouts(spool)
  expect(kept).toEqual(expect.arrayContaining(['d', 'e', expect.stringContaining('set back')]))
  await append(spool, 'f')
  await spool.close()
  expect(abouts(await opened(dir))).toEqual([...kept, 'f'])
})
