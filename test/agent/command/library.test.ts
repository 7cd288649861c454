import { type ChildProcess, spawn } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { maskSecrets } from '#shared/domain/mask-secrets.ts'
import { maxRecordBytes } from '#shared/protocol/limits.ts'
import { sectionOf } from '../../../agent/command/diagnostics.ts'
import { silent } from '../../../agent/command/live.ts'
import { openQuarantine } from '../../../agent/command/quarantine.ts'
import type { Machine, VerbOutcome } from '../../../agent/command/verb.ts'
import { verbs } from '../../../agent/command/verbs.ts'
import { createHost, type Host } from '../../../agent/host/host.ts'
import { openProcesses, statOf } from '../../../agent/host/processes.ts'
import { systemTime } from '../../../agent/system-time.ts'
import { anOrder } from './orders.ts'

let folder: string
let children: ChildProcess[]
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tierline-library-'))
  children = []
})
afterEach(() => {
  for (const child of children) child.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

async function run(verb: string, args: Record<string, unknown> = {}, more: Partial<Machine> = {}): Promise<VerbOutcome> {
  const quarantine = openQuarantine(join(folder, 'quarantine'), (path) => path.startsWith(join(folder, 'own')))
  const machine = {
    time: systemTime,
    uptimeSeconds: async () => 7,
    processes: openProcesses(),
    quarantine,
    scriptsFolder: folder,
    host: createHost(systemTime),
    isTrial: false,
    collectorAddress: async () => '127.0.0.1',
    handOver: async () => ({ kind: 'failed', reason: 'not in this test' }) as const,
  }
  const found = verbs.get(verb)
  if (!found) throw new Error(`no verb ${verb}`)
  return found.run(
    { services: [], ...machine, ...more } as Partial<Machine> as Machine,
    found.command.args.parse(args) as never,
    anOrder({ id: randomUUID(), verb }),
    silent,
  )
}

it('ping says since when the machine is up', async () => {
  expect(await run('ping')).toMatchObject({ outcome: 'succeeded', output: { uptimeSeconds: 7 } })
})

describe.skipIf(process.platform !== 'linux')('a process', () => {
  async function started(...command: string[]): Promise<{ pid: number; startTicks: number; child: ChildProcess }> {
    const [program = 'sleep', ...args] = command
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'ignore'] })
    children.push(child)
    if (program === 'sh') await once(child.stdout ?? child, 'data')
    const pid = child.pid ?? 0
    return { pid, startTicks: statOf('/proc', pid)?.startTicks ?? -1, child }
  }
  const stateOf = (pid: number) => statOf('/proc', pid)?.state

  it('is halted, goes on, and ends', async () => {
    const { pid, startTicks, child } = await started('sleep', '60')
    expect(await run('suspend-process', { pid, startTicks })).toMatchObject({ outcome: 'succeeded', output: { name: 'sleep' } })
    await expect.poll(() => stateOf(pid)).toBe('T')
    expect(await run('resume-process', { pid, startTicks })).toMatchObject({ outcome: 'succeeded' })
    await expect.poll(() => stateOf(pid)).toBe('S')
    await run('suspend-process', { pid, startTicks })
    const [ended] = await Promise.all([run('stop-process', { pid, startTicks }), once(child, 'exit')])
    expect(ended).toMatchObject({ outcome: 'succeeded', detail: 'sleep: ended' })
    expect(await run('stop-process', { pid, startTicks })).toMatchObject({ outcome: 'failed', detail: 'this process is gone' })
  })

  it('that will not end is ended by force', { timeout: 15_000 }, async () => {
    const { pid, startTicks } = await started('sh', '-c', 'trap "" TERM; echo ready; while :; do sleep 1; done')
    expect(await run('stop-process', { pid, startTicks })).toMatchObject({
      outcome: 'succeeded',
      detail: expect.stringContaining('by force'),
    })
  })

  it('that got the number later is another one, and is left alone', async () => {
    const { pid, startTicks } = await started('sleep', '60')
    expect(await run('stop-process', { pid, startTicks: startTicks - 1 })).toMatchObject({ outcome: 'failed' })
    expect(stateOf(pid)).toMatch(/[RS]/)
  })

  it('of the system, of the kernel or above this agent is spared', async () => {
    for (const pid of [1, process.pid, process.ppid]) {
      const startTicks = statOf('/proc', pid)?.startTicks ?? 0
      for (const verb of ['suspend-process', 'stop-process'])
        expect(await run(verb, { pid, startTicks })).toMatchObject({
          outcome: 'refused',
          detail: expect.stringMatching(/^it is spared: \S/),
        })
    }
    const root = join(folder, 'proc')
    mkdirSync(join(root, '40'), { recursive: true })
    writeFileSync(join(root, '40/stat'), `40 (kworker/0:1 (x) S 2 0 0 0 -1 69238880 0 0 0 0 0 0 0 0 20 0 1 0 33 0 0`)
    expect(openProcesses(root, 41).find({ pid: 40, startTicks: 33 })).toMatchObject({ kind: 'spared' })
    writeFileSync(join(root, '40/stat'), `40 (systemd-logind) S 1 0 0 0 -1 69238880 0 0 0 0 0 0 0 0 20 0 1 0 33 0 0`)
    symlinkSync('/usr/lib/systemd/systemd-logind', join(root, '40/exe'))
    expect(openProcesses(root, 41).find({ pid: 40, startTicks: 33 })).toEqual({
      kind: 'spared',
      reason: '/usr/lib/systemd/systemd-logind is the system’s own',
    })
  })
})

describe.skipIf(process.platform === 'win32')('a script', () => {
  const hashOf = (script: string): string => createHash('sha256').update(script).digest('hex')
  const script = (text: string, more: Record<string, unknown> = {}) => run('run-script', { script: text, sha256: hashOf(text), ...more })

  it('runs, and says what it said and how it ended', async () => {
    expect(await script('echo one; echo two >&2; exit 0')).toMatchObject({
      outcome: 'succeeded',
      output: { exitCode: 0, text: expect.stringContaining('one\n'), isCut: false, endedBy: 'itself' },
    })
    expect(await script('exit 3')).toMatchObject({ outcome: 'failed', detail: 'it ended with code 3' })
    expect(readdirSync(folder)).toEqual([])
  })

  it('is not run when it is another one than its hash says', async () => {
    const outcome = await run('run-script', { script: `touch ${folder}/ran`, sha256: hashOf('another') })
    expect([outcome.outcome, existsSync(join(folder, 'ran'))]).toEqual(['refused', false])
  })

  it('ends with everything it started when its time is up', async () => {
    const outcome = await script(`sleep 60 & echo $! > ${folder}/pid; sleep 60`, { timeoutSeconds: 1 })
    expect(outcome).toMatchObject({ outcome: 'failed', output: { endedBy: 'time limit' } })
    const pid = Number(readFileSync(join(folder, 'pid'), 'utf8'))
    await expect.poll(() => statOf('/proc', pid)?.state ?? 'Z').toBe('Z')
  })

  it('leaves nothing running in the background, and is not waited for by what it left', async () => {
    expect(await script(`sleep 60 & echo $! > ${folder}/pid`)).toMatchObject({ outcome: 'succeeded' })
    const pid = Number(readFileSync(join(folder, 'pid'), 'utf8'))
    await expect.poll(() => statOf('/proc', pid)?.state ?? 'Z').toBe('Z')
  })

  it('that says too much is cut, and that is said', async () => {
    const outcome = await script('yes | head -c 200000')
    expect(outcome).toMatchObject({ outcome: 'succeeded', detail: expect.stringContaining('cut'), output: { isCut: true } })
    expect(String(outcome.output?.text).length).toBe(65_536)
  })
})

describe.skipIf(process.platform !== 'linux')('a file', () => {
  const path = (): string => join(folder, 'evil.sh')
  const content = 'X5O!P%@AP '.repeat(5_000)
  beforeEach(() => {
    writeFileSync(path(), content)
    chmodSync(path(), 0o751)
  })
  const sealedBytes = (id: unknown) => readFileSync(join(folder, 'quarantine', String(id), 'content'))

  it('is sealed away with its hash, unreadable where it lies, and comes back as it was', async () => {
    const sha256 = createHash('sha256').update(content).digest('hex')
    const sealed = await run('quarantine-file', { path: path(), sha256 })
    expect(sealed).toMatchObject({ outcome: 'succeeded', output: { sha256, bytes: content.length } })
    const { quarantineId } = sealed.output ?? {}
    expect([existsSync(path()), sealedBytes(quarantineId).includes('X5O!P'), statSync(join(folder, 'quarantine')).mode & 0o077]).toEqual([
      false,
      false,
      0,
    ])
    expect(await run('restore-file', { quarantineId })).toMatchObject({ outcome: 'succeeded', output: { path: path(), sha256 } })
    expect([readFileSync(path(), 'utf8'), statSync(path()).mode & 0o777]).toEqual([content, 0o751])
    expect(await run('restore-file', { quarantineId })).toMatchObject({ outcome: 'refused' })
  })

  it('is not put back over another one, nor when its seal was damaged', async () => {
    const { output } = await run('quarantine-file', { path: path() })
    writeFileSync(path(), 'somebody else’s')
    expect(await run('restore-file', { quarantineId: output?.quarantineId })).toMatchObject({
      outcome: 'refused',
      detail: expect.stringContaining('EEXIST'),
    })
    expect(readFileSync(path(), 'utf8')).toBe('somebody else’s')
    rmSync(path())
    const bytes = sealedBytes(output?.quarantineId)
    bytes[7] = (bytes[7] ?? 0) ^ 1
    writeFileSync(join(folder, 'quarantine', String(output?.quarantineId), 'content'), bytes)
    expect(await run('restore-file', { quarantineId: output?.quarantineId })).toMatchObject({
      outcome: 'refused',
      detail: expect.stringContaining('damaged'),
    })
    expect(readdirSync(folder)).toEqual(['quarantine'])
  })

  it('is left alone when it is a link, a folder, another one by now, or this agent’s', async () => {
    symlinkSync(path(), join(folder, 'link'))
    mkdirSync(join(folder, 'own'))
    writeFileSync(join(folder, 'own/key'), 'secret')
    for (const args of [
      { path: join(folder, 'link') },
      { path: folder },
      { path: join(folder, 'own/key') },
      { path: path(), sha256: '0'.repeat(64) },
    ])
      expect(await run('quarantine-file', args)).toMatchObject({ outcome: 'refused' })
    expect([readFileSync(path(), 'utf8'), readFileSync(join(folder, 'own/key'), 'utf8')]).toEqual([content, 'secret'])
    expect(await run('restore-file', { quarantineId: randomUUID() })).toMatchObject({ outcome: 'refused' })
  })
})

describe('a service and a reboot', () => {
  const asked: string[][] = []
  const host: Host = {
    ...createHost(systemTime),
    run: async (program, args) => {
      asked.push([program, ...args])
      return { kind: 'ended', code: 0, stdout: 'active\n', stderr: '' }
    },
  }
  beforeEach(() => void asked.splice(0))

  it('restarts what this machine lists, and nothing else', async () => {
    expect(await run('restart-service', { unit: 'sshd.service' }, { host, services: ['nginx.service'] })).toMatchObject({
      outcome: 'refused',
    })
    expect(asked).toEqual([])
    expect(await run('restart-service', { unit: 'nginx.service' }, { host, services: ['nginx.service'] })).toMatchObject({
      outcome: 'succeeded',
    })
    expect(asked[0]).toEqual(['systemctl', 'restart', '--', 'nginx.service'])
    await expect(run('restart-service', { unit: '--force' }, { host, services: ['--force'] })).resolves.toMatchObject({
      outcome: 'succeeded',
    })
    await expect(run('restart-service', { unit: 'a b' }, { host })).rejects.toThrow('one word')
  })

  it('reboots after a warning, and never a trial', async () => {
    expect(await run('reboot', { afterMinutes: 7 }, { host, isTrial: true })).toMatchObject({ outcome: 'refused' })
    expect(asked).toEqual([])
    expect(await run('reboot', { afterMinutes: 7 }, { host })).toMatchObject({ outcome: 'succeeded' })
    expect(asked).toEqual([['shutdown', '-r', '+7', expect.stringContaining('save your work')]])
  })
})

describe('diagnostics', () => {
  it('are a fixed list of looks that fits a record, whatever the machine says', async () => {
    const programs: string[] = []
    const host: Host = {
      ...createHost(systemTime),
      run: async (program) => {
        programs.push(program)
        return program === 'last' || program === 'tracepath'
          ? { kind: 'missing', program }
          : { kind: 'ended', code: 0, stdout: '"\n'.repeat(500_000), stderr: '' }
      },
    }
    const { outcome, output } = await run('collect-diagnostics', {}, { host })
    expect([outcome, programs]).toEqual([
      'succeeded',
      ['ps', 'ss', 'who', 'last', 'journalctl', 'ip', 'ip', 'ip', 'ip', 'tracepath', 'traceroute'],
    ])
    expect(Buffer.byteLength(JSON.stringify(output))).toBeLessThan(maxRecordBytes)
    expect(output?.sections).toContainEqual(
      expect.objectContaining({ name: 'log-ons', text: '(last is not on this machine)', isCut: false }),
    )
  })

  it('mask what looks like a secret before anything is kept', () => {
    const lines = [
      'mysql --password=hunter2 -u root',
      'curl https://eve:hunter2@example.org',
      'x --token hunter2',
      'API_KEY="hunter2"',
      'Authorization: Bearer hunter2hunter2',
    ]
    const { text } = sectionOf('processes', lines.join('\n'))
    expect(text).not.toContain('hunter2')
    expect(text).toContain('mysql --password=••• -u root')
    expect(maskSecrets('ps -ef | grep sshd')).toBe('ps -ef | grep sshd')
    const began = performance.now()
    maskSecrets('a'.repeat(200_000))
    expect(performance.now() - began).toBeLessThan(1_000)
  })
})
