import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { minutes } from '#shared/domain/time.ts'
import { openLastRun } from '../../agent/last-run.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tierline-last-run-'))
  machine({ boot: 'a', oomKills: 1 })
})
afterEach(() => rmSync(dir, { recursive: true }))

function machine({ boot, oomKills, audit = '' }: { boot: string; oomKills: number; audit?: string }): void {
  for (const folder of ['proc/sys/kernel/random', 'var/log/audit']) mkdirSync(join(dir, folder), { recursive: true })
  writeFileSync(join(dir, 'proc/sys/kernel/random/boot_id'), `${boot}\n`)
  writeFileSync(join(dir, 'proc/vmstat'), `pgfault 9\noom_kill ${oomKills}\n`)
  writeFileSync(join(dir, 'var/log/audit/audit.log'), audit)
}

const open = (now: number) => openLastRun(dir, now, dir)

describe('how the last run ended', () => {
  it('by a goodbye of any kind, or for the first time, is nothing', () => {
    expect(open(0).tampered).toBeUndefined()
    for (const reason of ['shutdown', 'reboot', 'update', 'crash', 'memory'] as const) {
      open(minutes(1)).end(reason, minutes(2))
      const next = open(minutes(90))
      expect([next.tampered, next.wasUpdated]).toEqual([undefined, reason === 'update'])
      next.end('stop', minutes(90))
    }
  })

  it('without one while the machine stayed up is tampering; after a power cut it is none', () => {
    open(0)
    expect(open(minutes(5)).tampered).toMatchObject({
      ...{ kind: 'security.agent.tampered', severity: 'high', facts: { how: 'killed', technique: 'T1562.001', who: 'unknown' } },
    })
    machine({ boot: 'b', oomKills: 0 })
    expect(open(minutes(9)).tampered).toBeUndefined()
  })

  it('for lack of memory may be the kernel’s hand', () => {
    open(0)
    machine({ boot: 'a', oomKills: 2 })
    expect(open(minutes(5)).tampered).toMatchObject({ severity: 'medium', facts: { mayBeMemory: true } })
  })

  it('names who sent the signal, where the audit knows', () => {
    open(0)
    const { pid } = JSON.parse(readFileSync(join(dir, 'run.json'), 'utf8')) as { pid: number }
    const audit = [
      'type=SYSCALL msg=audit(1.5:7): arch=c000003e syscall=62 success=yes a0=9 auid=1000 comm="kill\u001b" exe="/usr/bin/kill"',
      `type=OBJ_PID msg=audit(1.5:7): opid=${pid} oauid=-1 ouid=0 oses=-1 ocomm="node"`,
    ]
    machine({ boot: 'a', oomKills: 1, audit: audit.join('\n') })
    const tampered = open(minutes(5)).tampered
    expect(tampered?.evidence?.[0]?.text).toContain('auid=1000')
    expect(tampered?.evidence?.[0]?.text).not.toContain('\u001b')
  })

  it('by being stopped for longer than a restart takes is tampering too', () => {
    open(0).end('stop', minutes(1))
    open(minutes(2)).end('stop', minutes(3))
    expect(open(minutes(30)).tampered).toMatchObject({ facts: { how: 'stopped', forMs: minutes(27) } })
  })

  it('by a mark that is no mark is nothing', () => {
    writeFileSync(join(dir, 'run.json'), '\0{"v":1')
    expect(open(0).tampered).toBeUndefined()
  })
})
