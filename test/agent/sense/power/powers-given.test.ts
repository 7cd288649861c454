import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { PrivilegedFile } from '../../../../agent/host/privileged-files.ts'
import type { Watching, WatchingDetector } from '../../../../agent/sense/define-detector.ts'
import kernelModules from '../../../../agent/sense/detectors/kernel-modules.ts'
import powersGiven from '../../../../agent/sense/detectors/powers-given.ts'
import { isGivingPower } from '../../../../agent/sense/power/privileged.ts'
import type { ProcessStart } from '../../../../agent/sense/processes/process-start.ts'
import { Starts } from '../../../../agent/sense/processes/starts.ts'
import type { Happening } from '../../../../agent/signal/signal.ts'
import { FakeMachine } from '../../../support/fake-machine.ts'
import { FakeTime } from '../../../support/fake-time.ts'
import { MemoryFile, silent } from '../bench-machine.ts'

const minute = 60_000
const root = (path: string, mode = 0o4755, changedAt = 5): PrivilegedFile => ({ path, mode, userId: 0, groupId: 0, changedAt })

const start = (commandLine: string, more: Partial<ProcessStart> = {}): ProcessStart => ({
  ...{ at: 0, pid: 9, parentPid: 8, image: `/usr/bin/${commandLine.split(' ')[0]}`, commandLine, user: 'eve', directory: undefined },
  ...{ parentImage: '/usr/bin/bash', parentCommandLine: 'bash', source: 'sweep', ...more },
})

class Bench {
  readonly machine = new FakeMachine()
  readonly time = new FakeTime()
  readonly starts = new Starts()
  readonly kept = new Map<string, unknown>()
  readonly said: Omit<Happening, 'detector'>[] = []
  #watching: Watching | undefined

  async watch(detector: WatchingDetector): Promise<void> {
    await this.#watching?.stop()
    const memory = {
      read: async (name: string) => this.kept.get(name),
      write: async (name: string, state: unknown) => void this.kept.set(name, state),
    }
    const started = await detector.watch(this.machine, async (event) => void this.said.push(event), {
      settings: { canaryDirs: [], canaryFile: new MemoryFile(), services: [], authLogs: [], starts: this.starts, memory },
      ...{ time: this.time, log: silent, stop: new AbortController().signal, role: 'server' },
      ...{
        standing: () => undefined,
        healthSettings: () => ({}),
        isStrained: async () => false,
        again: () => undefined,
        broken: (reason) => expect.unreachable(reason),
      },
    })
    if ('unsupported' in started) expect.unreachable(started.unsupported)
    else this.#watching = started
  }

  async stop(): Promise<void> {
    await this.#watching?.stop()
  }

  async advance(ms: number): Promise<void> {
    await this.time.advance(ms)
    for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate)
  }
}

let bench: Bench
beforeEach(() => {
  bench = new Bench()
})

describe('a program that came to run as its owner', () => {
  beforeEach(async () => {
    bench.machine.privilegedNow = [root('/usr/bin/sudo')]
    await bench.watch(powersGiven)
    await bench.advance(2 * minute)
  })

  it('is said at the next walk, with what it was before, and once; what was there first is learnt', async () => {
    expect(bench.said).toEqual([])
    bench.machine.privilegedNow = [root('/usr/bin/sudo', 0o6755), root('/tmp/.x\n')]
    await bench.advance(61 * minute)
    await bench.advance(61 * minute)
    expect(bench.said).toMatchObject([
      { kind: 'security.persistence.dangerous', severity: 'high', facts: { rights: '6755', before: '4755 0 0', technique: 'T1548.001' } },
      { about: '/tmp/.x\n', summary: '/tmp/.x� runs as root, whoever starts it', facts: { before: null } },
    ])
  })

  it('by chmod is said a moment after the command', async () => {
    bench.starts.add(start('chmod u+s /srv/sh'))
    bench.machine.privilegedNow.push(root('/srv/sh'))
    await bench.advance(1_100)
    expect(bench.said).toMatchObject([{ about: '/srv/sh', severity: 'high' }])
  })

  it('under a name with tabs is itself after a restart, however many there are', async () => {
    const many = Array.from({ length: 1_200 }, (_, nth) => root(`/opt/${nth}`))
    bench.machine.privilegedNow.push(root('/opt/a\tb'), ...many)
    await bench.advance(61 * minute)
    const { length } = bench.said
    await bench.watch(powersGiven)
    await bench.advance(2 * minute)
    expect(bench.said.slice(length)).toEqual([])
    bench.machine.privilegedNow = [root('/opt/a\tb', 0o6755), ...many]
    await bench.advance(61 * minute)
    expect(bench.said.slice(length)).toMatchObject([{ facts: { rights: '6755', before: '4755 0 0' } }])
  })

  it('while the agent was off is said after its start', async () => {
    bench.machine.privilegedNow.push(root('/opt/x'))
    await bench.watch(powersGiven)
    await bench.advance(2 * minute)
    expect(bench.said).toMatchObject([{ about: '/opt/x' }])
  })

  it('with a package that was put in then is info; a package’s file that got it later is not', async () => {
    bench.machine.filesNow = { '/var/lib/dpkg/info/x.list': '/.\n/usr/bin\n/usr/bin/x\n' }
    bench.machine.privilegedNow.push(root('/usr/bin/x'), root('/usr/bin/y'))
    await bench.advance(61 * minute)
    bench.machine.privilegedNow = [root('/usr/bin/sudo'), root('/usr/bin/x', 0o6755, 100 * minute)]
    await bench.advance(61 * minute)
    expect(bench.said.map(({ about, severity }) => [about, severity])).toEqual([
      ['/usr/bin/x', 'info'],
      ['/usr/bin/y', 'high'],
      ['/usr/bin/x', 'high'],
    ])
  })

  describe('by setcap', () => {
    const process = (pid: number, parent: number, exe: string, commandLine: string) => ({
      ...{ pid, startTicks: pid, parent, name: 'x', exe, commandLine, userId: 0, leadsTerminal: false },
    })
    const script = process(8, 7, '/usr/bin/dash', '/bin/sh /var/lib/dpkg/info/ping.postinst configure')
    const ping = 'setcap cap_net_raw+ep /bin/ping'
    const saidOf = async (command: string, parents: ReturnType<typeof process>[]): Promise<string[]> => {
      bench.machine.packageManagerNow = 'dpkg'
      bench.machine.processesNow = parents
      const parent = parents.find(({ pid }) => pid === 8)
      bench.starts.add(start(command, { parentImage: parent?.exe ?? '', parentCommandLine: parent?.commandLine ?? '' }))
      await bench.advance(3_000)
      return bench.said.map(({ about, severity }) => `${about} ${severity}`)
    }

    it.each([
      ['of a package', [script, process(7, 1, '/usr/bin/dpkg', '/usr/bin/dpkg --configure -a')], 'info'],
      [
        'that only is called so',
        [process(8, 7, '/usr/bin/dash', '/bin/sh /var/lib/dpkg/info/x.postinst x'), process(7, 1, '/tmp/dpkg', '')],
        'high',
      ],
      ['of somebody whose program is called dpkg', [process(8, 1, '/tmp/dpkg', '/tmp/dpkg')], 'high'],
      ['that no dpkg started', [script, process(7, 1, '/usr/bin/bash', '-bash')], 'high'],
      ['that has ended', [], 'high'],
    ])('a script %s, while packages are changed: %#', async (_, parents, severity) =>
      expect(await saidOf(ping, parents)).toEqual([`/bin/ping ${severity}`]),
    )

    it('takes nothing away unseen, and what is taken away is none', async () => {
      expect(await saidOf('setcap cap_setuid+ep /tmp/py', [])).toEqual(['/tmp/py high'])
      expect(await saidOf('setcap -r /bin/ping', [])).toHaveLength(1)
    })
  })
})

it.each<[string, boolean]>([
  ['chmod 4755 /tmp/sh', true],
  ['chmod -R u+s /tmp/sh', true],
  ['chmod g+rwxs x', true],
  ['install -m 6755 a /usr/bin/a', true],
  ['setcap cap_sys_admin+ep /tmp/x', true],
  ['chmod 755 /tmp/sh', false],
  ['chmod u+x /tmp/s', false],
  ['cat chmod 4755 x', false],
])('%s may give power: %s', (line, may) => expect(isGivingPower(start(line))).toBe(may))

describe('a kernel module', () => {
  const own = 'nf_nat 61440 3 x, Live 0x0\n'
  const dep = 'kernel/net/nf-nat.ko.xz: kernel/x.ko\nupdates/dkms/zfs.ko: \nkernel/y.ko:\n'

  beforeEach(async () => {
    bench.machine.filesNow = { '/proc/modules': own, '/proc/sys/kernel/osrelease': '6.1\n', '/lib/modules/6.1/modules.dep': dep }
    await bench.watch(kernelModules)
  })

  const load = async (lines: string): Promise<void> => {
    bench.machine.filesNow['/proc/modules'] = own + lines
    await bench.advance(21_000)
  }

  it('from nowhere is dangerous, built here is new, the kernel’s own is nothing; each said once', async () => {
    bench.starts.add(start('insmod /tmp/rk.ko'))
    await load('rk 1 0 - Live 0x0 (OE)\nzfs 1 0 - Live 0x0 (POE)\ny 1 0 - Live 0x0 (E)\nnf_nat_x 1\n')
    await bench.watch(kernelModules)
    await bench.advance(21_000)
    expect(bench.said.map(({ about, severity }) => [about, severity])).toEqual([
      ['module rk', 'high'],
      ['module zfs', 'low'],
      ['module y', 'high'],
      ['module nf_nat_x', 'high'],
    ])
    expect(bench.said[0]?.evidence?.[0]?.text).toContain('insmod /tmp/rk.ko')
  })

  it('is looked for in the list once a look, and in the whole of it', async () => {
    const filler = 'kernel/drivers/filler/of/a/long/name/some-module.ko:\n'.repeat(25_000)
    bench.machine.filesNow['/lib/modules/6.1/modules.dep'] = `${filler}kernel/late.ko:\n`
    const read = vi.spyOn(bench.machine, 'read')
    await load('late 1 0 - Live 0x0\nlater 1 0 - Live 0x0\n')
    expect(bench.said.map(({ about }) => about)).toEqual(['module later'])
    expect(read).toHaveBeenCalledTimes(1)
  })

  it('that was taken out and put in again is said again, and one of while the agent was off too', async () => {
    await load('rk 1 0 - Live 0x0 (OE)\n')
    await load('')
    await load('rk 1 0 - Live 0x0 (OE)\n')
    bench.machine.filesNow['/proc/modules'] += 'rk2 1 0 - Live 0x0 (OE)\n'
    await bench.watch(kernelModules)
    expect(bench.said.map(({ about }) => about)).toEqual(['module rk', 'module rk', 'module rk2'])
  })
})

it('walks no more once it was stopped amid a walk', async () => {
  let walks = 0
  const { promise, resolve } = Promise.withResolvers<PrivilegedFile[]>()
  bench.machine.privilegedFiles = () => {
    walks += 1
    return promise
  }
  await bench.watch(powersGiven)
  await bench.advance(2 * minute)
  const stopped = bench.stop()
  resolve([])
  await stopped
  await bench.advance(130 * minute)
  expect(walks).toBe(1)
})
