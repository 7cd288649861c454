import { appendFile, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { minutes, seconds } from '#shared/domain/time.ts'
import { followFile } from '../../../agent/host/follow-file.ts'
import { FakeTime } from '../../support/fake-time.ts'

let folder: string
let path: string
let lines: string[]
let waits: number[]
let time: FakeTime
let stop: () => void

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tierline-asleep-'))
  path = join(folder, 'auth.log')
  lines = []
  waits = []
  time = new FakeTime()
  await writeFile(path, 'before\n')
  const after: FakeTime['after'] = (ms, act) => {
    waits.push(ms)
    return time.after(ms, act)
  }
  const counted = { now: () => time.now(), monotonic: () => time.monotonic(), after }
  const follower = { onLine: (line: string) => void lines.push(line), onEnd: (reason: string) => expect.unreachable(reason) }
  const followed = await followFile(path, follower, counted)
  if (followed.kind === 'known') stop = followed.value
  // A look is a real one, so the clock waits for each.
  await vi.waitFor(async () => {
    await time.advance(500)
    expect(waits.at(-1)).toBe(seconds(10))
  })
})
afterEach(async () => {
  stop()
  await rm(folder, { recursive: true })
})

const seen = (expected: string[]) => vi.waitFor(() => expect(lines).toEqual(expected), { timeout: 3_000 })

describe.skipIf(process.platform !== 'linux')('a log that nothing is written into', () => {
  it('is looked at every ten seconds and no more', async () => {
    const before = waits.length
    for (let second = 0; second < 60; second += 1) await time.advance(seconds(1))
    expect(waits.length - before).toBeLessThanOrEqual(6)
  })

  it('is told of at once all the same, with no clock moved, and looked at often again', async () => {
    await appendFile(path, 'one\n')
    await seen(['one'])
    await vi.waitFor(() => expect(waits.at(-1)).toBe(500))
    await appendFile(path, 'two\n')
    await time.advance(500)
    await seen(['one', 'two'])
  })

  it('is followed when it is rotated away meanwhile', async () => {
    await rename(path, `${path}.1`)
    await writeFile(path, 'new\n')
    await vi.waitFor(async () => {
      await time.advance(500)
      expect(lines).toEqual(['new'])
    })
  })

  it('is followed when what was written raised no event', async () => {
    await time.advance(minutes(1))
    await rm(path)
    await writeFile(`${path}.new`, 'after\n')
    await rename(`${path}.new`, path)
    await vi.waitFor(async () => {
      await time.advance(seconds(10))
      expect(lines).toEqual(['after'])
    })
  })
})
