import { execFileSync } from 'node:child_process'
import { appendFile, mkdtemp, rename, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { followFile } from '../../../agent/host/follow-file.ts'
import type { Stop } from '../../../agent/host/probe.ts'
import { systemTime } from '../../../agent/system-time.ts'
import { FakeTime } from '../../support/fake-time.ts'

let folder: string
let path: string
let lines: string[]
let stop: Stop = () => undefined

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tierline-follow-'))
  path = join(folder, 'auth.log')
  lines = []
})

afterEach(async () => {
  stop()
  await rm(folder, { recursive: true })
})

async function follow(): Promise<void> {
  const followed = await followFile(
    path,
    { onLine: (line) => void lines.push(line), onEnd: (reason) => expect.unreachable(reason) },
    systemTime,
  )
  if (followed.kind === 'known') stop = followed.value
}

const seen = (expected: string[]) => vi.waitFor(() => expect(lines).toEqual(expected), { timeout: 3_000 })

describe('a log that is followed', () => {
  it('is told from its end, in whole lines', async () => {
    await writeFile(path, 'before\n')
    await follow()
    await appendFile(path, 'one\ntw')
    await seen(['one'])
    await appendFile(path, 'o\r\nthree\n')
    await seen(['one', 'two', 'three'])
  })

  it('that appears later is told from its start', async () => {
    await follow()
    await writeFile(path, 'one\n')
    await seen(['one'])
  })

  it('that appears much later is too, and costs little until then', async () => {
    let looks = 0
    const time = new FakeTime()
    const after: typeof time.after = (ms, act) => {
      looks += 1
      return time.after(ms, act)
    }
    const onEnd = (reason: string) => expect.unreachable(reason)
    const clock = { now: () => time.now(), monotonic: () => time.monotonic(), after }
    const followed = await followFile(path, { onLine: (line) => void lines.push(line), onEnd }, clock)
    if (followed.kind === 'known') stop = followed.value
    const minute = async () => {
      for (let second = 0; second < 60; second += 1) {
        await time.advance(1_000)
        await stat(folder)
      }
    }
    await minute()
    looks = 0
    await minute()
    expect(looks).toBeGreaterThan(0)
    expect(looks).toBeLessThan(10)
    await writeFile(path, 'one\n')
    await vi.waitFor(async () => {
      await minute()
      expect(lines).toEqual(['one'])
    })
  })

  it('is told to its end when it is rotated, and then from the start of the new one', async () => {
    await writeFile(path, '')
    await follow()
    await appendFile(path, 'one\n')
    await rename(path, `${path}.1`)
    await appendFile(`${path}.1`, 'late\n')
    await writeFile(path, 'two\n')
    await seen(['one', 'late', 'two'])
    await appendFile(path, 'three\n')
    await seen(['one', 'late', 'two', 'three'])
  })

  it('starts over when it is truncated', async () => {
    await writeFile(path, 'a long line that was there before\n')
    await follow()
    await truncate(path)
    await appendFile(path, 'one\n')
    await seen(['one'])
  })

  it('has its endless lines cut, and goes on after them', async () => {
    await writeFile(path, '')
    await follow()
    await appendFile(path, `${'x'.repeat(300_000)}\nnext\n`)
    await vi.waitFor(() => expect(lines.at(-1)).toBe('next'), { timeout: 3_000 })
    expect(lines).toHaveLength(2)
    expect(lines[0]?.length).toBeLessThan(100_000)
  })

  it('of two gigabytes in one line is cut, takes no memory for it, and is read on behind it', async () => {
    await follow()
    const beside = join(folder, 'large')
    await writeFile(beside, '')
    // Holes cost no disk; they are read as zero bytes.
    await truncate(beside, 2_147_483_648)
    await appendFile(beside, '\nnext \xff\n', 'latin1')
    const before = process.memoryUsage().rss
    let most = 0
    const weighing = setInterval(() => {
      most = Math.max(most, process.memoryUsage().rss - before)
    }, 20)
    await rename(beside, path)
    await vi
      .waitFor(() => expect(lines.at(-1)).toBe('next \ufffd'), { timeout: 100_000, interval: 100 })
      .finally(() => clearInterval(weighing))
    expect(lines).toHaveLength(2)
    expect(most / 1_048_576).toBeLessThan(100)
  }, 120_000)

  it('with zero bytes and broken UTF-8 in it is told line by line, what can’t be read marked', async () => {
    await writeFile(path, '')
    await follow()
    await appendFile(path, Buffer.from('a\0b\n\xc3\x28 c\n\0\0\0\n\xf0\x9f\n\xed\xa0\x80\nlast\n', 'latin1'))
    await seen(['a\0b', '\ufffd( c', '\0\0\0', '\ufffd', '\ufffd\ufffd\ufffd', 'last'])
  })

  it.skipIf(process.platform === 'win32')('that is a pipe or a device is none, until a file is there', async () => {
    execFileSync('mkfifo', [path])
    await follow()
    await rm(path)
    await symlink('/dev/zero', path)
    await new Promise((done) => setTimeout(done, 600))
    await rm(path)
    await writeFile(path, 'one\n')
    await seen(['one'])
  })
})
