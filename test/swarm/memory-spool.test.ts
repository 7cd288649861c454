import { expect, it } from 'vitest'
import type { RecordBody } from '#shared/protocol/record.ts'
import { MemorySpool } from './memory-spool.ts'

const standing: RecordBody = { v: 1, type: 'standing', signals: [] }
const fill = (spool: MemorySpool, lane: 'samples' | 'signals', count: number) =>
  Promise.all(Array.from({ length: count }, () => spool.append(lane, standing)))

it('keeps a lane’s records in order until they are acknowledged', async () => {
  const spool = new MemorySpool()
  await fill(spool, 'signals', 5)
  spool.acknowledge('signals', 2)
  expect(spool.read('signals', 2, 2).map(({ seq }) => seq)).toEqual([3, 4])
  expect([spool.last('signals'), spool.acknowledged('signals'), spool.firstKept('signals')]).toEqual([5, 2, 3])
})

it('gives up the oldest samples when it is full, and refuses a signal', async () => {
  const spool = new MemorySpool()
  await fill(spool, 'samples', 1_002)
  expect(spool.firstKept('samples')).toBe(3)
  await fill(spool, 'signals', 1_000)
  await expect(spool.append('signals', standing)).rejects.toMatchObject({ code: 'spool-full' })
})

it('begins a new epoch with what is unacknowledged, numbered anew', async () => {
  const spool = new MemorySpool()
  const { epoch } = spool
  await fill(spool, 'signals', 3)
  spool.acknowledge('signals', 1)
  await spool.restart()
  expect(spool.epoch).not.toBe(epoch)
  expect([spool.last('signals'), spool.acknowledged('signals')]).toEqual([2, 0])
})
