import { spawnSync } from 'node:child_process'
import { release } from 'node:os'
import { expect, it } from 'vitest'
import { createHost, type Ended } from '../../../agent/host/host.ts'
import { createNftables } from '../../../agent/isolate/firewalls/nftables.ts'
import { findGaps } from '../../../agent/isolate/gaps.ts'
import { systemTime } from '../../../agent/system-time.ts'
import { whyNoNamespaces } from '../../support/namespaces.ts'

const ended = (code: number): Ended => ({ kind: 'ended', code, stdout: '', stderr: '' })
const find = (systemctl: Ended, takesAbsentDevices: boolean): Promise<string[]> =>
  findGaps({ host: { run: async () => systemctl }, firewall: { takesAbsentDevices: async () => takesAbsentDevices } })

it('nothing is missing where a start loads the rules, for devices that are not there yet as well', async () => {
  expect(await find(ended(0), true)).toEqual([])
})

it.each<[string, Ended, boolean, string]>([
  ['there is no systemd', { kind: 'missing', program: 'systemctl' }, true, 'no systemd'],
  ['nobody enabled the unit', ended(1), true, 'tierline-isolation.service'],
  ['systemctl hangs', { kind: 'timed-out', program: 'systemctl', timeoutMs: 1 }, true, 'is not enabled'],
  ['the kernel wants the device first', ended(0), false, 'raw packets can leave until its agent runs'],
])('says what a restart would open where %s', async (_where, systemctl, takesAbsentDevices, says) => {
  expect(await find(systemctl, takesAbsentDevices)).toEqual([expect.stringContaining(says)])
})

const [major = 0, minor = 0] = release().split('.').map(Number)
it.skipIf(whyNoNamespaces() !== undefined)('this kernel takes rules before the device from 6.16 on, and has none afterwards', async () => {
  const before = spawnSync('nft', ['list', 'tables'], { encoding: 'utf8' }).stdout
  const firewall = createNftables({ host: createHost(systemTime), time: systemTime })
  expect(await firewall.takesAbsentDevices?.()).toBe(major > 6 || (major === 6 && minor >= 16))
  expect(spawnSync('nft', ['list', 'tables'], { encoding: 'utf8' }).stdout).toBe(before)
})
