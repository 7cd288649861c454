import { describe, expect, it } from 'vitest'
import { newerKernel } from '../../../../agent/sense/health/reboot-pending.ts'
import updatesFailed from '../../../../agent/sense/health/updates-failed.ts'
import updatesMissing from '../../../../agent/sense/health/updates-missing.ts'
import { apkUpdates, dnfUpdates, zypperUpdates } from '../../../../agent/sense/updates/missing.ts'
import { halfInstalled, runsOfDnf, runsOfHistory, runsOfScript, runsOfZypper } from '../../../../agent/sense/updates/runs.ts'
import { FakeMachine } from '../../../support/fake-machine.ts'

describe('security updates', () => {
  it('are what dnf lists, of either generation, each package once', () => {
    const four = `Last metadata expiration check: 0:10:00 ago on Mon Nov 23 09:00:00 2026.
RHSA-2024:1234 Important/Sec. openssl-1:3.0.7-25.el9_3.x86_64
RHSA-2024:1300 Moderate/Sec.  openssl-libs-1:3.0.7-25.el9_3.x86_64
RHSA-2024:1400 Critical/Sec.  openssl-1:3.0.7-26.el9_3.x86_64
RHBA-2024:9    bugfix         bash-5.1.8-9.el9.x86_64
`
    const five = `Name                   Type     Severity                               Package              Issued
FEDORA-2024-1a2b3c     security Important            curl-8.6.0-10.fc40.x86_64 2024-09-20 01:23:45
FEDORA-2024-4d5e6f     security Unspecified   python3-urllib3-1.26.20-1.fc40.noarch 2024-09-21 01:23:45
`
    expect(dnfUpdates(four)).toEqual(['openssl', 'openssl-libs'])
    expect(dnfUpdates(five)).toEqual(['curl', 'python3-urllib3'])
    expect(dnfUpdates('Error: Cache-only enabled but no cache for baseos\n')).toEqual([])
    expect(dnfUpdates(`x Low/Sec. ${'a-'.repeat(50_000)}\n`).length).toBeLessThanOrEqual(1)
  })

  it('are the patches that zypper needs, and what apk has something newer for', () => {
    const xml = `<?xml version='1.0'?><stream><update-status version="0.6"><update-list>
<update kind="patch" name="openSUSE-2024-1" category="security" severity="important" status="needed" interactive="false"><summary>a &lt; b</summary></update>
<update status="applied" name="openSUSE-2024-2" category="security"></update></update-list></update-status></stream>`
    expect(zypperUpdates(xml)).toEqual(['openSUSE-2024-1'])
    expect(apkUpdates('Installed:   Available:\nlibcrypto3-3.1.0-r0   < 3.1.4-r1\npy3-x-1.2.3_git2024-r2 < 1.3-r0\n')).toEqual([
      'libcrypto3',
      'py3-x',
    ])
  })

  it('are asked of whoever is there', async () => {
    const machine = new FakeMachine()
    expect(await updatesMissing.read(machine, undefined as never)).toEqual({ unsupported: 'apt-get is not there' })
    machine.askedNow = { apk: 'libssl3-3.1.0-r0 < 3.1.4-r1\n' }
    expect(await updatesMissing.read(machine, undefined as never)).toEqual({ security: ['libssl3'], listsAt: null })
  })
})

describe('runs of updates', () => {
  it('are as dnf’s log has them, of either generation; what only fetches or shows is none', () => {
    const at = '2026-11-20T06:10:01+0000'
    const four = (command: string, ...lines: string[]) =>
      [`${at} INFO --- logging initialized ---`, `${at} DDEBUG Command: dnf ${command}`, ...lines, ''].join('\n')
    const failed = `${at} CRITICAL Error: Transaction test error:`
    expect(runsOfDnf(four('makecache --timer', failed) + four('upgrade -y', failed) + four('-y install x')).errors).toEqual([
      'Transaction test error:',
      '',
    ])
    const five = (command: string, ...lines: string[]) =>
      [`${at} [77] INFO DNF5 start`, `${at} [77] INFO Command line: dnf ${command}`, ...lines, ''].join('\n')
    expect(runsOfDnf(five('upgrade', `${at} [77] ERROR Cannot download x`) + five('repoquery', `${at} [78] ERROR y`)).errors).toEqual([
      'Cannot download x',
    ])
  })

  it('are as zypper’s history has them', () => {
    const run = (...lines: string[]) => ["2026-11-20 06:10:01|command|root@host|'zypper' 'patch'|", ...lines, ''].join('\n')
    const failed = '# 2026-11-20 06:10:05 x-1-1.noarch.rpm install failed\n# rpm output:\n# error: disk'
    expect(runsOfZypper(run('2026-11-20 06:10:02|install|y|1-1|noarch||repo|abc|') + run(failed)).errors).toEqual([
      '',
      'x-1-1.noarch.rpm install failed',
    ])
  })

  it('of apk leave a mark on what was not put in whole', async () => {
    const list = 'C:Q1=\nP:busybox\nV:1-r0\nF:bin\n\nC:Q1=\nP:nginx\nV:1-r0\nf:s\n\n'
    expect(halfInstalled(list)).toEqual(['nginx'])
    const machine = new FakeMachine()
    expect(await updatesFailed.read(machine, undefined as never)).toHaveProperty('unsupported')
    machine.filesNow = { '/lib/apk/db/installed': list }
    expect(await updatesFailed.read(machine, undefined as never)).toEqual({ runs: [], half: ['nginx'] })
  })

  it('are as apt’s history has them', () => {
    const block = (error = '') =>
      `\nStart-Date: 2026-11-20  06:10:01\nCommandline: apt-get upgrade\n${error}End-Date: 2026-11-20  06:11:00\n`
    const failed = block('Error: Sub-process /usr/bin/dpkg returned an error code (1)\n')
    expect(runsOfHistory(`${block()}${failed}\nStart-Date: it still runs\n`).errors).toEqual([
      '',
      'Sub-process /usr/bin/dpkg returned an error code (1)',
    ])
  })

  it('are as unattended-upgrades tells them', () => {
    const at = '2026-11-20 06:10:01,123'
    const run = (...lines: string[]) =>
      `${[`${at} INFO Starting unattended upgrades script`, ...lines].map((line) => `${line}\n`).join('')}`
    const text = `${at} ERROR of a run before\n${run(`${at} INFO All upgrades installed`)}${run(`${at} ERROR Cache has broken packages, exiting`)}`
    expect(runsOfScript(text).errors).toEqual(['', 'Cache has broken packages, exiting'])
  })
})

describe('a kernel that waits for a reboot', () => {
  const kernelOf = (running: string | undefined, ...there: string[]) =>
    newerKernel({ kernel: async () => running, names: async () => there, newestBelow: async () => 5 })

  it('is the newest of the running one’s flavour', async () => {
    expect(await kernelOf('6.1.0-9-amd64\n', '6.1.0-9-amd64', '6.1.0-28-amd64', '6.1.0-31-rt-amd64', '5.10.0-30-amd64')).toEqual({
      ...{ release: '6.1.0-28-amd64', since: 5 },
    })
    expect(await kernelOf('5.14.0-503.el9.x86_64', '5.14.0-503.el9.x86_64', '5.14.0-503.11.1.el9.x86_64')).toMatchObject({
      release: '5.14.0-503.11.1.el9.x86_64',
    })
  })

  it('is none where the newest runs, and in a container', async () => {
    expect(await kernelOf('6.1.0-28-amd64', '6.1.0-9-amd64', '6.1.0-28-amd64')).toBeUndefined()
    expect(await kernelOf('6.9.3-host', '6.1.0-28-amd64')).toBeUndefined()
    expect(await kernelOf(undefined, '6.1.0-28-amd64')).toBeUndefined()
  })
})
