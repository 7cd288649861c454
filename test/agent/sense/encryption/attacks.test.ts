import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { statOf } from '../../../../agent/host/processes.ts'
import { quiet } from '../canary/room.ts'
import { EncryptionRoom, endTree } from './room.ts'
import { hasProgram, readableLeft, startWay, ways, writeTree } from './ways.ts'

const whyNot = whyNotHere()
if (whyNot) console.log(`not run here: who encrypts what, because ${whyNot}`)

function whyNotHere(): string | undefined {
  if (process.getuid?.() !== 0) return 'this isn’t root'
  return existsSync('/usr/sbin/fatrace') ? undefined : 'fatrace is not installed'
}

let room: EncryptionRoom
let pids: (number | undefined)[] = []

beforeEach(() => {
  room = new EncryptionRoom()
  pids = []
})

afterEach(async () => {
  for (const pid of pids) endTree(pid)
  await room.close()
})

describe.skipIf(whyNot)('a tree of processes that encrypts', () => {
  // A program that is gone before a busy machine gets to read its number stays unknown, and then the evidence says so.
  it.each(ways.filter(({ needs }) => hasProgram(needs)))('is caught and halted: $name', { retry: 2 }, async (way) => {
    writeTree(room.folder, 200)
    // Files that came to be this second were never anything else.
    await quiet(1_050)
    await room.open(true)
    const { pid } = startWay(way, room.folder)
    pids.push(pid)
    await vi.waitFor(() => expect(room.said).toHaveLength(1), { timeout: 10_000, interval: 10 })
    expect(room.said[0]).toMatchObject({
      ...{ kind: 'security.ransomware.encryption', severity: 'critical' },
      facts: { technique: 'T1486', throughShare: false, processSha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
    })
    if (way.isOneByOne) {
      expect(room.said[0]?.facts).toMatchObject({ suspended: true, pid, process: 'bash' })
      expect(statOf('/proc', pid ?? 0)?.state).toBe('T')
      expect(200 - readableLeft(room.folder)).toBeLessThan(60)
    }
  })

  it('is only told of where the policy leaves it to people, and goes on as one when somebody resumes it', async () => {
    writeTree(room.folder, 60)
    await room.open(false)
    const way = ways.find(({ name }) => name === 'openssl')
    if (!way) expect.unreachable()
    else pids.push(startWay(way, room.folder).pid)
    await vi.waitFor(() => expect(room.said).toHaveLength(1), { timeout: 10_000 })
    expect(room.said[0]?.facts).toMatchObject({ suspended: false, whyNotSuspended: expect.stringContaining('policy') })
  })
})

describe.skipIf(whyNot)('daily work is no attack', () => {
  const sh = (script: string) => {
    const { pid } = spawn('bash', ['-c', script, 'work', room.folder], { stdio: 'ignore', detached: true })
    pids.push(pid)
    return vi.waitFor(() => expect(statOf('/proc', pid ?? 0)?.state ?? 'Z').toBe('Z'), { timeout: 12_000 })
  }

  it.each([
    ['gzip -r', 'gzip -r "$1"'],
    ['tar czf', 'tar czf "$1/../all.tgz" -C "$1" . && rm -r "$1"'],
    ['7z without a password', '7z a -bd -sdel "$1/all.7z" "$1"/* > /dev/null'],
    ['xz', 'find "$1" -name "*.txt" | head -40 | xargs xz -0'],
    [
      'an encrypted backup beside its originals',
      'for f in "$1"/*/*.txt; do openssl enc -aes-256-cbc -pbkdf2 -pass pass:s -in "$f" -out "$f.enc"; done',
    ],
    ['edits in place', 'sed -i s/supplier/vendor/ "$1"/*/*.txt'],
    ['removing them all', 'cat "$1"/*/*.txt > /dev/null; head -c 5000 /dev/urandom > "$1/../cache.bin"; rm -r "$1"'],
  ])('%s', async (what, script) => {
    if (what.startsWith('7z') && !hasProgram('7z')) return
    writeTree(room.folder, 60)
    await room.open(true)
    await sh(script.replaceAll('$1', room.folder))
    await quiet(300)
    expect(room.said).toEqual([])
  })

  it('git gc', async () => {
    mkdirSync(room.folder)
    const git = (...args: string[]) =>
      execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.org', ...args], { cwd: room.folder, stdio: 'ignore' })
    git('init')
    for (let number = 0; number < 30; number += 1) writeFileSync(join(room.folder, `a${number}.txt`), `line ${number}\n`.repeat(50))
    git('add', '.')
    git('commit', '-m', 'all')
    await room.open(true)
    await sh('cd "$1" && git gc --quiet --prune=now'.replaceAll('$1', room.folder))
    await quiet(300)
    expect(room.said).toEqual([])
  })
})
