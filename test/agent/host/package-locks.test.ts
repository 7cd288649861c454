import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { packageManagerAtWork } from '../../../agent/host/package-locks.ts'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tierline-locks-'))
})
afterEach(() => rmSync(root, { recursive: true }))

function put(path: string, text: string): number {
  const file = join(root, path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
  return statSync(file).ino
}
const locks = (...lines: string[]) => put('proc/locks', `${lines.join('\n')}\n`)

describe('a package manager at work', () => {
  it('is known by the lock that it holds', async () => {
    const inode = put('var/lib/dpkg/lock-frontend', '')
    locks('1: FLOCK  ADVISORY  WRITE 88 00:19:1 0 EOF', `2: POSIX  ADVISORY  WRITE 3548 08:01:${inode} 0 EOF`)
    expect(await packageManagerAtWork(root)).toBe('dpkg')
  })

  it('is known by the process that its file names', async () => {
    put('run/dnf.pid', '321\n')
    expect(await packageManagerAtWork(root)).toBeUndefined()
    put('proc/321/comm', 'dnf\n')
    expect(await packageManagerAtWork(root)).toBe('dnf')
  })

  it('is none that left its file behind, fetches lists, or waits for another', async () => {
    const [lock, lists] = [put('var/lib/dpkg/lock', ''), put('var/lib/apt/lists/lock', '')]
    expect(await packageManagerAtWork(root)).toBeUndefined()
    locks(`1: POSIX  ADVISORY  WRITE 3548 08:01:${lists} 0 EOF`, `2: -> POSIX  ADVISORY  WRITE 3549 08:01:${lock} 0 EOF`)
    expect(await packageManagerAtWork(root)).toBeUndefined()
  })
})
