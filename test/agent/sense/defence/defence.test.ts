import { execFileSync } from 'node:child_process'
import { appendFileSync, copyFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createProbe } from '../../../../agent/host/probe.ts'
import { auditChange } from '../../../../agent/sense/defence/audit-changes.ts'
import { encryptedMounts } from '../../../../agent/sense/defence/encrypted.ts'
import { hasFilter } from '../../../../agent/sense/defence/firewall-rules.ts'
import { LogWatch } from '../../../../agent/sense/defence/log-watch.ts'
import logsCleared from '../../../../agent/sense/detectors/logs-cleared.ts'
import type { Happening } from '../../../../agent/signal/signal.ts'
import { systemTime } from '../../../../agent/system-time.ts'
import { FakeMachine } from '../../../support/fake-machine.ts'
import { FakeTime } from '../../../support/fake-time.ts'
import { MemoryFile, silent } from '../bench-machine.ts'

const probe = createProbe({ time: systemTime, log: silent })
let root: string

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tierline-defence-'))
  put('/var/log/auth.log', 'a line of a log\n'.repeat(100))
  put('/var/log/wtmp', Buffer.alloc(3_840, 1))
  put('/var/log/journal/abc/system.journal', 'x'.repeat(1_000))
  put('/root/.bash_history', 'ls\n'.repeat(100))
  put('/home/eve/.bash_history', 'ls\n'.repeat(100))
})
afterEach(() => rmSync(root, { recursive: true }))

const at = (path: string): string => join(root, path)
function put(path: string, text: string | Buffer): void {
  mkdirSync(dirname(at(path)), { recursive: true })
  writeFileSync(at(path), text)
}

/** What is said of what `change` does. */
async function cleared(change: () => void) {
  const watch = new LogWatch(probe, root)
  await watch.take(Date.now())
  change()
  return (await watch.take(Date.now())).map(({ path, how, kind }) => `${kind} ${path} ${how}`)
}

describe.skipIf(process.platform !== 'linux')('logs', () => {
  it.each<[string, () => void, string]>([
    ['> auth.log', () => truncateSync(at('/var/log/auth.log')), 'log /var/log/auth.log emptied'],
    ['sed -i', () => execFileSync('sed', ['-i', '1,9d', at('/var/log/auth.log')]), 'log /var/log/auth.log cut'],
    ['rm', () => rmSync(at('/var/log/auth.log')), 'log /var/log/auth.log removed'],
    ['a wtmp with fewer records', () => put('/var/log/wtmp', Buffer.alloc(384)), 'log /var/log/wtmp cut'],
    ['rm of the journal', () => rmSync(at('/var/log/journal/abc/system.journal')), 'log /var/log/journal/abc/system.journal removed'],
    [
      'a pipe in its place',
      () => execFileSync('sh', ['-c', 'rm "$0"; mkfifo "$0"', at('/var/log/auth.log')]),
      'log /var/log/auth.log removed',
    ],
  ])('cleared by %s', async (_, change, said) => expect(await cleared(change)).toEqual([said]))

  it('moved, copied or compressed by rotation are none, and what grows is none', async () => {
    const log = at('/var/log/auth.log')
    const moved = () => {
      renameSync(log, `${log}.1`)
      writeFileSync(log, '')
    }
    const copied = () => {
      copyFileSync(log, `${log}.2`)
      truncateSync(log)
    }
    const compressed = () => {
      execFileSync('sh', ['-c', 'gzip -c "$0" > "$0.1.gz"; : > "$0"', log])
    }
    const journal = () => {
      renameSync(at('/var/log/journal/abc/system.journal'), at('/var/log/journal/abc/system@1.journal'))
      put('/var/log/journal/abc/system.journal', 'x')
    }
    expect(await cleared(moved)).toEqual([])
    put('/var/log/auth.log', 'a line of a log\n'.repeat(100))
    expect(await cleared(copied)).toEqual([])
    put('/var/log/auth.log', 'a line of a log\n'.repeat(100))
    for (const change of [compressed, journal, () => appendFileSync(log, 'more\n')]) expect(await cleared(change)).toEqual([])
  })

  it('histories are told apart: emptied, gone or a link is one, a shell that shortens its own is none', async () => {
    const history = '/root/.bash_history'
    expect(await cleared(() => truncateSync(at(history)))).toEqual([`history ${history} emptied`])
    put(history, 'ls\n'.repeat(100))
    const link = () => {
      rmSync(at(history))
      symlinkSync('/dev/null', at(history))
    }
    expect(await cleared(link)).toEqual([`history ${history} removed`])
    expect(await cleared(() => put('/home/eve/.bash_history', 'ls\n'.repeat(50)))).toEqual([])
    expect(await cleared(() => rmSync(at('/home/eve'), { recursive: true }))).toEqual([])
  })
})

describe('firewall rules', () => {
  const chain = (more: object) => ({ chain: { family: 'inet', table: 'filter', name: 'input', handle: 1, ...more } })
  const rule = (table: string, expr: object[]) => ({ rule: { family: 'inet', table, chain: 'input', expr } })
  const said = (...entries: object[]) => hasFilter(JSON.stringify({ nftables: [{ metainfo: {} }, ...entries] }))

  it('keep something out by policy or by rule; ours, and those of containers, are no firewall of the machine', () => {
    expect(said()).toBe(false)
    expect(said(chain({ hook: 'input', policy: 'drop' }))).toBe(true)
    expect(said(chain({ hook: 'input', policy: 'accept' }), rule('filter', [{ jump: { target: 'ufw-before-input' } }]))).toBe(true)
    expect(said(chain({ hook: 'input', policy: 'accept' }), rule('filter', [{ accept: null }]))).toBe(false)
    expect(said(chain({ hook: 'forward', policy: 'drop' }))).toBe(false)
    expect(said(chain({ hook: 'input', policy: 'drop', table: 'tierline' }))).toBe(false)
    expect(hasFilter('')).toBeUndefined()
  })
})

it('an encrypted disk is known through the layers on it', async () => {
  const machine = new FakeMachine()
  machine.filesNow = {
    '/proc/self/mountinfo': '1 0 253:1 / /home rw - ext4 /dev/mapper/vg-home rw\n2 0 8:1 / /boot rw - ext4 /dev/sda1 rw\n',
    '/sys/dev/block/253:1/dm/uuid': 'LVM-abc',
    '/sys/dev/block/253:1/slaves/dm-0': '',
    '/sys/class/block/dm-0/dm/uuid': 'CRYPT-LUKS2-abc\n',
  }
  expect(await encryptedMounts(machine.vitals)).toEqual({
    looked: ['disk encryption /home', 'disk encryption /boot'],
    on: ['disk encryption /home'],
  })
})

describe('the audit’s own word', () => {
  const off = 'type=CONFIG_CHANGE msg=audit(1.0:5): op=set audit_enabled=0 old=1 auid=1000 ses=3 res=1'
  const removed = 'type=CONFIG_CHANGE msg=audit(1.0:6): auid=1000 ses=3 op=remove_rule key="x" list=4 res=1'
  const added = removed.replace('remove_rule', 'add_rule')

  it('is read, and only its own', () => {
    expect(auditChange(off)).toMatchObject({ what: 'disabled', userId: 1000 })
    expect(auditChange(off.replace('res=1', 'res=0'))).toBeUndefined()
    expect(auditChange(`type=EXECVE msg=audit(1.0:5): a0="${off}"`)).toBeUndefined()
  })

  it('that rules were taken out is said when no others come; that it is off, at once', async () => {
    const machine = new FakeMachine()
    const time = new FakeTime()
    machine.filesNow = { '/var/log/audit/audit.log': 'x' }
    const said: Omit<Happening, 'detector'>[] = []
    const settings = { canaryDirs: [], canaryFile: new MemoryFile(), services: [], authLogs: [] }
    const given = { settings, time, log: silent, stop: new AbortController().signal, role: 'server' as const, standing: () => undefined }
    const context = {
      ...given,
      healthSettings: () => ({}),
      isStrained: async () => false,
      again: () => undefined,
      broken: (why: string) => expect.unreachable(why),
    }
    const watching = await logsCleared.watch(machine, async (event) => void said.push(event), context)
    machine.log(removed)
    machine.log(added)
    await time.advance(11_000)
    expect(said).toEqual([])
    machine.log(removed)
    await time.advance(11_000)
    expect(said).toMatchObject([
      { kind: 'security.defence.down', severity: 'high', facts: { technique: 'T1562.012', what: 'rules-removed' } },
    ])
    machine.log(off)
    expect(said[1]).toMatchObject({ facts: { what: 'disabled', userId: 1000 } })
    await time.advance(600_000)
    machine.log(removed)
    await time.advance(11_000)
    expect(said).toHaveLength(3)
    await time.advance(600_000)
    // One rule that is put in doesn't hide that ten are gone; who loads all of them anew says nothing.
    for (let rule = 0; rule < 10; rule += 1) machine.log(removed)
    machine.log(added)
    await time.advance(11_000)
    expect(said).toHaveLength(4)
    await time.advance(600_000)
    for (const line of [removed, added]) for (let rule = 0; rule < 10; rule += 1) machine.log(line)
    await time.advance(11_000)
    expect(said).toHaveLength(4)
    machine.log(removed)
    if ('stop' in watching) await watching.stop()
    // Nobody will read that line again.
    expect(said).toHaveLength(5)
  })
})
