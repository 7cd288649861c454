import { execFile } from 'node:child_process'
import { describe, expect, it, vi } from 'vitest'
import { createProbe } from '../../../../agent/host/probe.ts'
import type { SenseSettings, WatchContext } from '../../../../agent/sense/define-detector.ts'
import processStarts from '../../../../agent/sense/detectors/process-starts.ts'
import sigmaRules from '../../../../agent/sense/detectors/sigma-rules.ts'
import { AuditJoiner } from '../../../../agent/sense/processes/audit-joiner.ts'
import { isDestroyingBackups } from '../../../../agent/sense/processes/backups-destroyed.ts'
import type { ProcessStart } from '../../../../agent/sense/processes/process-start.ts'
import { readUsers } from '../../../../agent/sense/processes/process-start.ts'
import { Starts } from '../../../../agent/sense/processes/starts.ts'
import { sweepProcesses } from '../../../../agent/sense/processes/sweep.ts'
import { Writers } from '../../../../agent/sense/writers/writers.ts'
import type { Happening } from '../../../../agent/signal/signal.ts'
import { systemTime } from '../../../../agent/system-time.ts'
import { FakeMachine } from '../../../support/fake-machine.ts'
import { FakeTime } from '../../../support/fake-time.ts'
import { MemoryFile, silent } from '../bench-machine.ts'

const start = (commandLine: string, more: Partial<ProcessStart> = {}): ProcessStart => ({
  ...{ at: 0, pid: 9, parentPid: 8, image: `/usr/bin/${commandLine.split(' ')[0]}`, commandLine, user: 'root', directory: undefined },
  ...{ parentImage: '/usr/bin/bash', parentCommandLine: 'bash', source: 'sweep', ...more },
})

const facts = (pid: number, commandLine: string) => ({
  ...{
    pid,
    startTicks: pid,
    parent: 1,
    name: 'x',
    exe: `/usr/bin/${commandLine.split(' ')[0]}`,
    commandLine,
    userId: 0,
    leadsTerminal: false,
  },
})

describe('auditd’s records', () => {
  const call =
    'type=SYSCALL msg=audit(1684329817.579:2995): arch=c000003e syscall=59 success=yes exit=0 ppid=1 pid=77 auid=1000 uid=1000 comm="curl" exe="/usr/bin/curl" key=(null)'
  const words = 'type=EXECVE msg=audit(1684329817.579:2995): argc=3 a0="curl" a1=2D2D75736572 a2="eve"'
  const cwd = 'type=CWD msg=audit(1684329817.579:2995): cwd="/home/eve"'
  const path = 'type=PATH msg=audit(1684329817.579:2995): item=0 name="/usr/bin/curl"'

  it('of one serial are one start, whatever comes between', () => {
    const joiner = new AuditJoiner(readUsers('root:x:0:0::/root:/bin/sh\neve:x:1000:1000::/home/eve:/bin/sh\n'))
    const other = call.replace(':2995)', ':2996)')
    expect([call, words, other, cwd].map((line) => joiner.take(line))).toEqual([undefined, undefined, undefined, undefined])
    expect(joiner.take(path)).toMatchObject({
      ...{
        pid: 77,
        parentPid: 1,
        image: '/usr/bin/curl',
        commandLine: 'curl --user eve',
        user: 'eve',
        directory: '/home/eve',
        source: 'auditd',
      },
    })
    expect(joiner.take(path)).toBeUndefined()
  })

  it('of a failed start, of anything else and of nonsense are none', () => {
    const joiner = new AuditJoiner(String)
    const failed = [call.replace('success=yes', 'success=no'), words, path]
    const opened = [call.replace('syscall=59', 'syscall=257'), words, path].map((line) => line.replace('2995', '3001'))
    for (const line of [...failed, ...opened, '\0\0', 'type=EXECVE msg=audit(', '�'.repeat(20_000)])
      expect(joiner.take(line)).toBeUndefined()
  })

  it('join a word that is longer than a record', () => {
    const joiner = new AuditJoiner(String)
    const long = 'type=EXECVE msg=audit(1684329817.579:2995): argc=2 a0="sh" a1_len=9000 a1[0]="one" a1[1]="two"'
    expect([call, long, path].map((line) => joiner.take(line)?.commandLine).at(-1)).toBe('sh onetwo')
  })
})

describe('a look each second', () => {
  it('reads new processes only, and forgets those that are gone', async () => {
    const machine = new FakeMachine()
    const time = new FakeTime()
    const process = vi.spyOn(machine, 'process')
    machine.processesNow = [facts(1, 'init'), facts(2, 'sshd')]
    const seen: number[] = []
    const stop = sweepProcesses(
      machine,
      time,
      ({ pid }) => void seen.push(pid),
      () => expect.unreachable(),
    )
    machine.processesNow = [facts(1, 'init'), facts(3, 'curl x')]
    await time.advance(1_000)
    await time.advance(1_000)
    machine.processesNow = [facts(1, 'init'), facts(2, 'bash'), facts(3, 'curl x')]
    await time.advance(1_000)
    stop()
    expect(seen).toEqual([3, 2])
    expect(process).toHaveBeenCalledTimes(2)
  })

  it('lists nothing while no number is given to anybody, but for every ten seconds', async () => {
    const [machine, time] = [new FakeMachine(), new FakeTime()]
    const pids = vi.spyOn(machine, 'pids')
    machine.lastBornNow = 7
    const nobody = () => expect.unreachable()
    const stop = sweepProcesses(machine, time, nobody, nobody)
    await time.advance(1_000)
    pids.mockClear()
    for (let second = 0; second < 9; second += 1) await time.advance(1_000)
    expect(pids).toHaveBeenCalledTimes(0)
    await time.advance(1_000)
    expect(pids).toHaveBeenCalledTimes(1)
    machine.lastBornNow = 8
    await time.advance(1_000)
    expect(pids).toHaveBeenCalledTimes(2)
    stop()
  })

  it.skipIf(process.platform !== 'linux')('sees a real one, with control characters of its arguments taken out', async () => {
    const starts: string[] = []
    const probe = createProbe({ time: systemTime, log: silent })
    const stop = sweepProcesses(
      probe,
      systemTime,
      ({ commandLine }) => void starts.push(commandLine),
      () => expect.unreachable(),
    )
    const child = execFile('sh', ['-c', 'sleep 3; :', 'a\nb\u001b[31m'])
    await vi.waitFor(() => expect(starts.some((line) => line.includes('a�b�[31m'))).toBe(true), { timeout: 5_000 })
    child.kill('SIGKILL')
    stop()
  })
})

describe('the way back', () => {
  it.each([
    'zfs destroy tank/home@daily',
    'btrfs subvolume delete /.snapshots/1',
    'systemctl disable --now restic-backup.timer',
    'rm -rf /var/backups',
    'lvremove -f vg/snap1',
  ])('is taken away by: %s', (line) => expect(isDestroyingBackups(start(line))).toBe(true))

  it.each([
    'zfs list',
    'zfs destroy tank/scratch',
    'rm -rf /tmp/x',
    'systemctl restart restic-backup',
    'snapper list',
    'ls /var/backups',
    'borg create x',
    'echo btrfs subvolume delete x',
  ])('is left alone by: %s', (line) => expect(isDestroyingBackups(start(line))).toBe(false))

  it('is kept in order by the programs that keep it', () =>
    expect(isDestroyingBackups(start('zfs destroy tank@old', { parentImage: '/usr/sbin/sanoid' }))).toBe(false))
})

it('keeps the last starts as lines, masked', () => {
  const starts = new Starts()
  for (let pid = 1; pid <= 600; pid += 1) starts.add(start('mysql --password hunter2', { pid }))
  expect(starts.get(50)).toBeUndefined()
  expect(starts.lines(2).split('\n')).toHaveLength(2)
  expect(starts.lines(500)).not.toContain('hunter2')
})

describe('on a machine without auditd', () => {
  const contextOf = (settings: SenseSettings, time: FakeTime): WatchContext => ({
    ...{ settings, time, log: silent, stop: new AbortController().signal, role: 'server' },
    standing: () => undefined,
    healthSettings: () => ({}),
    isStrained: async () => false,
    again: () => undefined,
    broken: (reason) => expect.unreachable(reason),
  })

  it('a start whose hash can’t be had is told all the same', async () => {
    const [machine, time, starts] = [new FakeMachine(), new FakeTime(), new Starts()]
    const said: string[] = []
    machine.images.of = () => Promise.reject(new Error('gone'))
    const settings = { canaryDirs: [], canaryFile: new MemoryFile(), services: [], authLogs: [], starts }
    await processStarts.watch(machine, async ({ kind }) => void said.push(kind), contextOf(settings, time))
    machine.processesNow = [facts(5, 'curl x'), facts(6, 'zfs destroy tank@x')]
    await time.advance(1_000)
    await vi.waitFor(() => expect(said).toEqual(['security.ransomware.backups-destroyed']))
    expect(starts.get(5)?.commandLine).toBe('curl x')
  })

  it('nor on one whose auditd tells of no execve, and what both saw is told once', async () => {
    const [machine, time, starts] = [new FakeMachine(), new FakeTime(), new Starts()]
    machine.filesNow = { '/var/log/audit/audit.log': '' }
    const settings = { canaryDirs: [], canaryFile: new MemoryFile(), services: [], authLogs: [], starts }
    const watching = await processStarts.watch(machine, async () => undefined, contextOf(settings, time))
    const wrote = (pid: number, at: number): void => {
      const serial = `msg=audit(${(at / 1_000).toFixed(3)}:${pid}):`
      machine.log(`type=SYSCALL ${serial} arch=c000003e syscall=59 success=yes exit=0 ppid=1 pid=${pid} uid=0 exe="/usr/bin/curl"`)
      machine.log(`type=EXECVE ${serial} argc=2 a0="curl" a1="x"`)
      machine.log(`type=PATH ${serial} item=0 name="/usr/bin/curl"`)
    }
    const told = () => starts.latest(() => true).map(({ pid, source }) => `${pid} ${source}`)
    machine.processesNow = [facts(5, 'curl x')]
    await time.advance(1_000)
    expect(told()).toEqual(['5 sweep'])
    wrote(5, time.now() - 900)
    wrote(6, time.now())
    machine.processesNow = [facts(5, 'curl x'), facts(6, 'curl x')]
    await time.advance(1_000)
    expect(told()).toEqual(['5 sweep', '6 auditd'])
    if ('stop' in watching) await watching.stop()
    machine.processesNow = [facts(7, 'curl x')]
    await time.advance(2_000)
    expect(told()).toHaveLength(2)
  })

  const rule = (category: string, selection: string) =>
    `title: T ${category}\nid: ${category}-1\nstatus: test\nlevel: high\nlogsource:\n  product: linux\n  category: ${category}\ndetection:\n  selection:\n    ${selection}\n  condition: selection\n`

  it('Sigma’s rules and the way back hear of what starts and of what is written', async () => {
    const machine = new FakeMachine()
    const time = new FakeTime()
    machine.filesNow = {
      '/etc/tierline/sigma/v1.2/start.yml': rule('process_creation', "CommandLine|contains: 'evil'"),
      '/etc/tierline/sigma/file.yml': rule('file_event', "TargetFilename|startswith: '/etc/cron.d/'"),
      '/etc/tierline/sigma/broken.yml': '\u0000not: [yaml',
    }
    const said: Omit<Happening, 'detector'>[] = []
    const settings = {
      canaryDirs: [],
      canaryFile: new MemoryFile(),
      services: [],
      authLogs: [],
      starts: new Starts(),
      writers: new Writers(time),
      armedRules: () => ['process_creation-1'],
    }
    const context = contextOf(settings, time)
    const say = async (event: Omit<Happening, 'detector'>) => void said.push(event)
    await processStarts.watch(machine, say, context)
    await sigmaRules.watch(machine, say, context)
    machine.processesNow = [facts(5, 'curl evil'), facts(6, 'zfs destroy tank@x')]
    machine.hashesNow = { 6: 'abc' }
    await time.advance(1_000)
    settings.writers.note('/etc/cron.d/x', 5, undefined)
    await vi.waitFor(() =>
      expect(said.map(({ kind }) => kind).sort()).toEqual([
        'security.ransomware.backups-destroyed',
        'security.sigma.file-event-1',
        'security.sigma.process-creation-1',
      ]),
    )
    const severities = said.map(({ kind, severity }) => `${kind} ${severity}`)
    const destroyed = said.find(({ kind }) => kind === 'security.ransomware.backups-destroyed')
    expect(destroyed?.facts?.sha256).toBe('abc')
    expect(destroyed?.evidence?.[0]?.text).toContain('(sha256 abc)')
    // Of two rules of the same level one is armed.
    expect(severities).toContain('security.sigma.process-creation-1 high')
    expect(severities).toContain('security.sigma.file-event-1 medium')
  })
})
