import { describe, expect, it } from 'vitest'
import { newerKernel } from '../../../../agent/sense/health/reboot-pending.ts'
import { runsOfHistory, runsOfScript } from '../../../../agent/sense/health/updates-failed.ts'
import { dnfUpdates } from '../../../../agent/sense/health/updates-missing.ts'

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
})

describe('runs of updates', () => {
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
