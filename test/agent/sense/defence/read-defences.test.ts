import { describe, expect, it } from 'vitest'
import { readDefences, techniqueOf } from '../../../../agent/sense/defence/read-defences.ts'
import type { SenseContext } from '../../../../agent/sense/define-detector.ts'
import { FakeMachine } from '../../../support/fake-machine.ts'

const slice = '/sys/fs/cgroup/system.slice'
const working = {
  [`${slice}/auditd.service/cgroup.procs`]: '7\n',
  [`${slice}/rsyslog.service/cgroup.procs`]: '8\n',
  '/etc/ufw/ufw.conf': '# how\nENABLED=yes\n',
  '/sys/fs/selinux/enforce': '1',
  '/sys/kernel/security/apparmor/profiles': '/usr/bin/man (enforce)\n/usr/sbin/cupsd (complain)\n',
}

async function defencesOf(files: Record<string, string>) {
  const machine = new FakeMachine()
  machine.filesNow = files
  return readDefences(machine, { settings: {} } as SenseContext)
}

describe('what protects a machine', () => {
  it('is on where it works', async () => {
    const { on } = await defencesOf(working)
    expect(on.sort()).toEqual(['access rules AppArmor', 'access rules SELinux', 'audit auditd', 'firewall ufw', 'logging rsyslog'])
  })

  it.each([
    ['logging rsyslog', `${slice}/rsyslog.service/cgroup.procs`, '', 'T1562.006'],
    ['audit auditd', `${slice}/auditd.service/cgroup.procs`, '', 'T1562.012'],
    ['firewall ufw', '/etc/ufw/ufw.conf', 'ENABLED=no\n', 'T1562.004'],
    ['access rules SELinux', '/sys/fs/selinux/enforce', '0', 'T1562.001'],
    ['access rules AppArmor', '/sys/kernel/security/apparmor/profiles', '', 'T1562.001'],
  ])('%s is off where it was stopped, and nothing else is', async (name, path, text, technique) => {
    const { looked, on } = await defencesOf({ ...working, [path]: text })
    expect(looked).toContain(name)
    expect(on).toHaveLength(4)
    expect(on).not.toContain(name)
    expect(techniqueOf(name)).toBe(technique)
  })

  it('is not looked at where the kernel or the system has none of it', async () => {
    expect((await defencesOf({})).looked).toEqual([])
  })
})
