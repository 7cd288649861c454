import { describe, expect, it } from 'vitest'
import { createProbe } from '../../../../agent/host/probe.ts'
import type { ProcessFacts } from '../../../../agent/host/process-facts.ts'
import type { SenseSettings, Watching } from '../../../../agent/sense/define-detector.ts'
import sigmaRules from '../../../../agent/sense/detectors/sigma-rules.ts'
import type { ProcessStart } from '../../../../agent/sense/processes/process-start.ts'
import { Starts } from '../../../../agent/sense/processes/starts.ts'
import { FakeMachine } from '../../../support/fake-machine.ts'
import { FakeTime } from '../../../support/fake-time.ts'
import { MemoryFile, silent } from '../bench-machine.ts'

/*
 * Processes and log lines as `apt-get upgrade` of Debian's packages makes them: deb-systemd-invoke becomes systemctl, invoke-rc.d starts it.
 * The rules are those that ship.
 */
const held = (...paths: string[]): string => `${['/.', ...paths].join('\n')}\n`
const lists = {
  '/var/lib/dpkg/info/auditd.list': held('/etc/init.d/auditd', '/lib/systemd/system/auditd.service'),
  '/var/lib/dpkg/info/firewalld.list': held('/lib/systemd/system/firewalld.service'),
  '/var/lib/dpkg/info/clamav-daemon.list': held('/lib/systemd/system/clamav-daemon.service', '/lib/systemd/system/clamav-daemon.socket'),
  '/var/lib/dpkg/info/clamav-freshclam.list': held('/usr/lib/systemd/system/clamav-freshclam.service'),
  '/var/lib/dpkg/info/nftables.list': held('/lib/systemd/system/nftables.service'),
  '/var/lib/dpkg/info/helpful.list': held('/usr/bin/helpful'),
}

const process = (pid: number, parent: number, exe: string, commandLine: string): ProcessFacts => ({
  ...{ pid, startTicks: pid, parent, name: 'x', exe, commandLine, userId: 0, leadsTerminal: false },
})
const apt = process(10, 9, '/usr/bin/apt-get', 'apt-get -y upgrade')
const dpkg = process(11, 10, '/usr/bin/dpkg', '/usr/bin/dpkg --status-fd 7 --unpack --recursive')
const bash = process(9, 1, '/usr/bin/bash', '-bash')
const script = (words: string) => process(12, 11, '/usr/bin/dash', `/bin/sh ${words}`)
const upgrading = (packageName: string): ProcessFacts[] => [bash, apt, dpkg, script(`/var/lib/dpkg/info/${packageName}.prerm upgrade 2`)]
const withRcd = (packageName: string): ProcessFacts[] => [
  ...[bash, apt, dpkg, process(13, 11, '/usr/bin/dash', `/bin/sh -e /var/lib/dpkg/info/${packageName}.prerm upgrade 2`)],
  process(12, 13, '/usr/bin/dash', `/bin/sh /usr/sbin/invoke-rc.d ${packageName} stop`),
]

async function bench(processes: ProcessFacts[], listedAt?: (now: number) => number) {
  const [machine, time, starts, said] = [new FakeMachine(), new FakeTime(), new Starts(), [] as string[]]
  const real = createProbe({ time, log: silent })
  machine.processesNow = processes
  machine.filesNow = lists
  const [read, list, look] = [machine.read, machine.list, machine.look]
  const isOurs = (path: string): boolean => path.endsWith('.yml') || path.includes('/sense/sigma/rules')
  Object.assign(machine, {
    read: (path: string, most: number) => (isOurs(path) ? real.read(path, most) : read(path)),
    list: (path: string) => (isOurs(path) ? real.list(path) : list(path)),
    look: async (path: string) => {
      const found = await look(path)
      return found && { ...found, changedAt: listedAt?.(time.now()) ?? 0 }
    },
  })
  const settings: SenseSettings = { canaryDirs: [], canaryFile: new MemoryFile(), services: [], authLogs: [], starts }
  const watching = (await sigmaRules.watch(machine, async ({ about }) => void said.push(about), {
    ...{ settings, time, log: silent, stop: new AbortController().signal, role: 'server' },
    ...{ standing: () => undefined, healthSettings: () => ({}), isStrained: async () => false, again: () => undefined },
    broken: (reason) => expect.unreachable(reason),
  })) as Watching
  const settled = async (): Promise<string[]> => {
    await time.advance(3_000)
    await watching.stop()
    return said.sort()
  }
  const audit = (parentPid: number, ...words: string[]): void => {
    const at = 'msg=audit(1700000000.000:7)'
    machine.log(
      `type=SYSCALL ${at}: arch=c000003e syscall=59 success=yes exit=0 ppid=${parentPid} pid=20 uid=0 exe="/usr/bin/${words[0]}" key=(null)`,
      '/var/log/audit/audit.log',
    )
    machine.log(
      `type=EXECVE ${at}: argc=${words.length} ${words.map((word, index) => `a${index}="${word}"`).join(' ')}`,
      '/var/log/audit/audit.log',
    )
  }
  const start = (parentPid: number, commandLine: string, pid = 20, image = `/usr/bin/${commandLine.split(' ')[0]}`): void => {
    const parent = machine.process(parentPid)
    const found: ProcessStart = {
      ...{ at: time.now(), pid, parentPid, image, commandLine, user: 'root', directory: undefined, source: 'auditd' },
      ...{ parentImage: parent?.exe ?? '', parentCommandLine: parent?.commandLine ?? '' },
    }
    starts.add(found)
  }
  return { machine, audit, start, settled }
}

const audited = 'Audit Or Logging Is Switched Off'
const opened = 'The Firewall Is Switched Off'
const stopped = 'A Defence Is Stopped By A Command'
const emptied = 'The Firewall Is Emptied'

describe('an upgrade that stops what it replaces', () => {
  it.each<[string, ProcessFacts[], string[]]>([
    ['auditd', upgrading('auditd'), ['systemctl', 'stop', 'auditd.service']],
    ['firewalld', upgrading('firewalld'), ['systemctl', 'stop', 'firewalld.service']],
    ['clamav-daemon', upgrading('clamav-daemon'), ['systemctl', 'stop', 'clamav-daemon.service', 'clamav-daemon.socket']],
    ['clamav-freshclam', withRcd('clamav-freshclam'), ['systemctl', 'stop', 'clamav-freshclam.service']],
  ])('of %s raises nothing', async (_, processes, words) => {
    const { audit, start, settled } = await bench(processes)
    audit(12, ...words)
    start(12, words.join(' '))
    expect(await settled()).toEqual([])
  })

  it('raises nothing either where the script has ended by the time that its line is read', async () => {
    const { machine, audit, start, settled } = await bench([bash, apt, dpkg])
    audit(12, 'systemctl', 'stop', 'auditd.service')
    // The log tells of the script itself a moment later.
    start(11, '/bin/sh /var/lib/dpkg/info/auditd.prerm upgrade 2', 12, '/usr/bin/dash')
    machine.processesNow = [bash, apt, dpkg]
    expect(await settled()).toEqual([])
  })

  it('of nftables, whose filter systemd ends and begins again, raises nothing', async () => {
    const { audit, start, settled } = await bench([bash, apt, dpkg], (now) => now - 30_000)
    audit(1, 'nft', 'flush', 'ruleset')
    start(1, '/usr/sbin/nft flush ruleset', 21, '/usr/sbin/nft')
    expect(await settled()).toEqual([])
  })

  it('of an rpm raises nothing', async () => {
    const dnf = process(11, 9, '/usr/bin/python3.12', '/usr/bin/python3 /usr/bin/dnf upgrade')
    const { start, settled } = await bench([bash, dnf, process(12, 11, '/usr/bin/bash', '/bin/sh /var/tmp/rpm-tmp.a8Xk2 1')])
    start(12, 'systemctl stop falcon-sensor')
    expect(await settled()).toEqual([])
  })
})

describe('an attacker who does the same', () => {
  const asPackage = process(12, 9, '/usr/bin/dash', '/bin/sh /var/lib/dpkg/info/auditd.prerm upgrade 2')
  const captain = process(12, 9, '/usr/bin/bash', 'bash /tmp/apt-captain.sh dpkg')
  const named = process(11, 9, '/tmp/dpkg', '/usr/bin/dpkg --unpack')
  it.each<[string, ProcessFacts[], number]>([
    ['from a shell', [bash], 9],
    ['from a shell, while packages are put in', [bash, apt, dpkg, script('/var/lib/dpkg/info/auditd.prerm upgrade 2')], 9],
    ['by a script with a name of package managers', [bash, captain], 12],
    ['by the package’s own script, which no dpkg started', [bash, asPackage], 12],
    ['by the package’s own script, which what is only called dpkg started', [bash, named, script('/var/lib/dpkg/info/auditd.prerm x')], 12],
    ['by a hook of apt', [bash, apt, process(12, 10, '/usr/bin/dash', 'sh -c systemctl stop auditd')], 12],
    ['by another package’s script', [bash, apt, dpkg, script('/var/lib/dpkg/info/helpful.postinst configure')], 12],
    ['by who is gone at once', [], 77],
  ])('%s is told', async (_, processes, parentPid) => {
    const { audit, start, settled } = await bench(processes)
    audit(parentPid, 'systemctl', 'stop', 'auditd')
    start(parentPid, 'systemctl stop auditd')
    expect(await settled()).toEqual([stopped, audited])
  })

  it('by the package’s own script to another service as well is told', async () => {
    const { audit, settled } = await bench(upgrading('clamav-daemon'))
    audit(12, 'systemctl', 'stop', 'auditd.service', 'clamav-daemon.service')
    expect(await settled()).toEqual([audited])
  })

  it.each([
    ['long after its package came', 1, undefined],
    ['from a shell, when its package has just come', 9, (now: number) => now - 30_000],
  ])('by emptying the filter %s is told', async (_, parentPid, listedAt) => {
    const { audit, start, settled } = await bench([bash], listedAt)
    audit(parentPid, 'nft', 'flush', 'ruleset')
    start(parentPid, '/usr/sbin/nft flush ruleset', 21, '/usr/sbin/nft')
    expect(await settled()).toEqual([emptied, opened])
  })
})
