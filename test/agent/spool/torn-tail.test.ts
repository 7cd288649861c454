import { copyFileSync, mkdirSync, readdirSync, readFileSync, statSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { aboutOf, openTestSpool, signalRecord, temporaryFolder } from './records.ts'

/** A spool of three signals, closed: its file, and where its last line begins. */
async function threeSignals(): Promise<{ epoch: string; name: string; file: string; lastLineAt: number; bytes: number }> {
  const dir = temporaryFolder()
  const spool = await openTestSpool(dir)
  for (const about of ['a', 'b', 'ü']) await spool.append('signals', signalRecord(about))
  await spool.close()
  const name = readdirSync(join(dir, spool.epoch)).find((file) => file.startsWith('signals-')) ?? ''
  const file = join(dir, spool.epoch, name)
  const content = readFileSync(file)
  return { epoch: spool.epoch, name, file, lastLineAt: content.lastIndexOf('\n', content.length - 2) + 1, bytes: content.length }
}

it('keeps every whole record, wherever the last one is cut off, and appends behind it', { timeout: 60_000 }, async () => {
  const { epoch, name, file, lastLineAt, bytes } = await threeSignals()
  const cutAt = fc.integer({ min: lastLineAt, max: bytes - 1 })
  const everyOffset = Array.from({ length: bytes - lastLineAt }, (_, index): [number] => [lastLineAt + index])
  const isKept = async (offset: number): Promise<void> => {
    const dir = temporaryFolder()
    mkdirSync(join(dir, epoch))
    copyFileSync(file, join(dir, epoch, name))
    truncateSync(join(dir, epoch, name), offset)
    const spool = await openTestSpool(dir)
    expect(statSync(join(dir, epoch, name)).size).toBe(lastLineAt)
    expect(await spool.append('signals', signalRecord('next'))).toBe(3)
    expect(spool.read('signals', 0, 10, 100_000).map(({ body }) => aboutOf(body))).toEqual(['a', 'b', 'next'])
    await spool.close()
  }
  await fc.assert(fc.asyncProperty(cutAt, isKept), { examples: everyOffset, numRuns: everyOffset.length })
})
