import { execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openImageHashes } from '../../../agent/host/image-hashes.ts'
import { systemTime } from '../../../agent/system-time.ts'
import { FakeTime } from '../../support/fake-time.ts'

const sha256 = (bytes: Buffer | string): string => createHash('sha256').update(bytes).digest('hex')
const mebibyte = 1_048_576

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tierline-images-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

function program(pid: number, text: string, bytes = text.length): string {
  mkdirSync(join(folder, String(pid)), { recursive: true })
  const path = join(folder, String(pid), 'exe')
  writeFileSync(path, text)
  truncateSync(path, bytes)
  return path
}

describe('the hash of what runs', () => {
  it.skipIf(process.platform !== 'linux')(
    'is that of the file the process was started from, though another lies there by now',
    async () => {
      const path = join(folder, 'program')
      copyFileSync(execFileSync('sh', ['-c', 'command -v sleep'], { encoding: 'utf8' }).trim(), path)
      const before = sha256(readFileSync(path))
      execFileSync('chmod', ['755', path])
      const child = spawn(path, ['5'])
      await new Promise((resolve) => child.once('spawn', resolve))
      rmSync(path)
      writeFileSync(path, 'another')
      expect(await openImageHashes(systemTime).of(child.pid ?? 0)).toBe(before)
      child.kill('SIGKILL')
    },
  )

  it('is new when the file is', async () => {
    const images = openImageHashes(new FakeTime(), folder)
    program(1, 'one')
    expect(await images.of(1)).toBe(sha256('one'))
    program(1, 'two')
    expect(await images.of(1)).toBe(sha256('two'))
  })

  it('is none of what is gone, too large, or too much in a minute; what is known costs nothing', async () => {
    const time = new FakeTime()
    const images = openImageHashes(time, folder)
    program(1, 'large', 17 * mebibyte)
    for (const pid of [2, 3, 4]) program(pid, `p${pid}`, 12 * mebibyte)
    const all = () => Promise.all([9, 1, 2, 3, 4, 2].map(async (pid) => (await images.of(pid)) !== undefined))
    expect(await all()).toEqual([false, false, true, true, false, true])
    await time.advance(60_000)
    expect(await all()).toEqual([false, false, true, true, true, true])
  })

  it('is that of the file where a process that is gone was started from, which is read once; a folder or a device has none', async () => {
    const images = openImageHashes(new FakeTime(), folder)
    const path = program(1, 'large', 12 * mebibyte)
    const all = await Promise.all([images.at(path), images.at(path), images.at(path), images.of(1)])
    expect(new Set(all)).toEqual(new Set([sha256(readFileSync(path))]))
    expect(await images.at(folder)).toBeUndefined()
    expect(await images.at('/dev/zero')).toBeUndefined()
  })

  it('is given up where too many are waited for', async () => {
    program(1, 'one')
    const images = openImageHashes(new FakeTime(), folder)
    const asked = await Promise.all(Array.from({ length: 60 }, () => images.of(1)))
    expect(asked.filter((hash) => hash === undefined)).toHaveLength(10)
    expect(await images.of(1)).toBe(sha256('one'))
  })
})
