import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { minutes, type Time } from '#shared/domain/time.ts'
import { watchByAudit } from '../../../../agent/host/audit-rules.ts'
import type { Host } from '../../../../agent/host/host.ts'
import { createProbe } from '../../../../agent/host/probe.ts'
import { followAudited } from '../../../../agent/sense/canary/audited.ts'
import { Writers } from '../../../../agent/sense/writers/writers.ts'
import { systemTime } from '../../../../agent/system-time.ts'
import { FakeTime } from '../../../support/fake-time.ts'
import { silent } from '../bench-machine.ts'

let folder: string
let asked: string[][]
let code: number
const host: Host = {
  run: async (program, args) => {
    asked.push([program, ...args])
    return {
      kind: 'ended',
      code: args[0] === '-w' ? code : 0,
      stdout: '',
      stderr: code === 0 ? '' : 'The audit system is in immutable mode',
    }
  },
  inFront: (start) => start(),
  ahead: (start) => start(),
  converse: () => expect.unreachable('nobody talks'),
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tierline-audited-'))
  asked = []
  code = 0
  await writeFile(join(folder, 'audit.log'), '')
})
afterEach(() => rm(folder, { recursive: true }))

const follow = (writers: Writers, time: Time = systemTime) =>
  followAudited({
    folders: ['/srv/decoys'],
    probe: createProbe({ time: systemTime, log: silent }),
    settings: { writers, watchByAudit: (...what) => watchByAudit(host, silent, ...what) },
    time,
    broken: (reason) => expect.unreachable(reason),
    places: { auditLog: join(folder, 'audit.log'), fatrace: join(folder, 'fatrace') },
  })

/** What auditd writes of a process that renamed one decoy over another, in two pieces as a busy log brings it. */
async function rename(pid: number, parentPid: number): Promise<void> {
  const at = 'msg=audit(1795403304.033:6)'
  const call = `type=SYSCALL ${at}: arch=c000003e syscall=316 success=yes exit=0 a0=ffffff9c a2=ffffff9c ppid=${parentPid} pid=${pid} key="tierline-decoys"\n`
  const paths = `type=CWD ${at}: cwd="/srv/decoys"\ntype=PATH ${at}: item=3 name="plan.locked" nametype=CREATE\ntype=PROCTITLE ${at}: proctitle=00\n`
  await appendFile(join(folder, 'audit.log'), call)
  await appendFile(join(folder, 'audit.log'), paths)
}

const nobody = 2 ** 22 + 1

describe('decoys on a machine that gets auditd later', () => {
  it('are watched by it from then on, and its rules end with the watch', async () => {
    await rm(join(folder, 'audit.log'))
    const time = new FakeTime()
    const writers = new Writers(time)
    const stop = await follow(writers, time)
    await time.advance(minutes(5))
    expect(asked).toEqual([])
    await writeFile(join(folder, 'audit.log'), '')
    await vi.waitFor(async () => {
      await time.advance(minutes(1))
      expect(asked.map(([, first]) => first)).toEqual(['-D', '-w'])
    })
    stop()
    await vi.waitFor(() => expect(asked.map(([, first]) => first)).toEqual(['-D', '-w', '-D']))
  })
})

describe('decoys that only auditd watches', () => {
  it.each([
    ['itself', process.ppid, 1],
    ['by who started it, when it is gone again', nobody, process.ppid],
  ])('name their writer %s', async (_by, pid, parentPid) => {
    const writers = new Writers(systemTime)
    const stop = await follow(writers)
    await rename(pid, parentPid)
    await expect.poll(async () => (await writers.of(['/srv/decoys/plan.locked']))?.top.pid, { timeout: 5_000 }).toBeGreaterThan(1)
    stop()
    expect(asked).toEqual([
      ['auditctl', '-D', '-k', 'tierline-decoys'],
      ['auditctl', '-w', '/srv/decoys', '-p', 'wa', '-k', 'tierline-decoys'],
      ['auditctl', '-D', '-k', 'tierline-decoys'],
    ])
  })

  it('say nothing of anybody where audit takes no rules', async () => {
    code = 1
    const writers = new Writers(systemTime)
    const stop = await follow(writers)
    await rename(process.ppid, 1)
    expect(await writers.of(['/srv/decoys/plan.locked'], 300)).toBeUndefined()
    stop()
  })

  it('leave it to fatrace where that is', async () => {
    await writeFile(join(folder, 'fatrace'), '')
    const stop = await follow(new Writers(systemTime))
    stop()
    expect(asked).toEqual([])
  })
})
