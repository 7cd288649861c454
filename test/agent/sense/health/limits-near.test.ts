import { describe, expect, it } from 'vitest'
import bondDegraded, { linksOf } from '../../../../agent/sense/health/bond-degraded.ts'
import clockUnsynchronised from '../../../../agent/sense/health/clock-unsynchronised.ts'
import connectionsTracked from '../../../../agent/sense/health/connections-tracked.ts'
import memoryErrors from '../../../../agent/sense/health/memory-errors.ts'
import openFiles from '../../../../agent/sense/health/open-files.ts'
import { FakeMachine } from '../../../support/fake-machine.ts'

const reads = (
  detector: { read(probe: FakeMachine, context: never): Promise<unknown> },
  files: Record<string, string>,
): Promise<unknown> => {
  const machine = new FakeMachine()
  machine.filesNow = files
  return detector.read(machine, undefined as never)
}

describe('what the kernel says', () => {
  it('of a bond is how many links it has, and which are down', async () => {
    const link = (name: string, status: string) => `\nSlave Interface: ${name}\nMII Status: ${status}\nSpeed: 1000 Mbps\n`
    const head = 'Ethernet Channel Bonding Driver: v6.1\n\nBonding Mode: IEEE 802.3ad\nMII Status: up\n'
    expect(linksOf(`${head}${link('eth0', 'up')}${link('eth1', 'down')}`)).toEqual({ links: 2, down: ['eth1'] })
    expect(await reads(bondDegraded, { '/proc/net/bonding/bond0': `${head}${link('eth0', 'up')}` })).toEqual([
      { name: 'bond0', links: 1, down: [] },
    ])
    expect(await reads(bondDegraded, {})).toHaveProperty('unsupported')
  })

  it('of open files and of tracked connections is a number and its bound', async () => {
    expect(await reads(openFiles, { '/proc/sys/fs/file-nr': '1184\t0\t9223372036854775807\n' })).toMatchObject({ open: 1184 })
    expect(await reads(openFiles, {})).toHaveProperty('unsupported')
    const folder = '/proc/sys/net/netfilter'
    expect(
      await reads(connectionsTracked, { [`${folder}/nf_conntrack_count`]: '12\n', [`${folder}/nf_conntrack_max`]: '65536\n' }),
    ).toEqual({ tracked: 12, most: 65_536 })
    expect(await reads(connectionsTracked, {})).toHaveProperty('unsupported')
  })

  it('of memory is what each controller corrected, and could not', async () => {
    const mc = '/sys/devices/system/edac/mc/mc0'
    expect(await reads(memoryErrors, { [`${mc}/ce_count`]: '3\n', [`${mc}/ue_count`]: '1\n' })).toEqual([
      { controller: 'mc0', corrected: 3, uncorrected: 1 },
    ])
    expect(await reads(memoryErrors, {})).toHaveProperty('unsupported')
  })

  it('of the clock is what timedatectl says, where a time service can be', async () => {
    const machine = new FakeMachine()
    machine.filesNow = { '/run/systemd/units/x': '' }
    expect(await clockUnsynchronised.read(machine, undefined as never)).toHaveProperty('unsupported')
    machine.askedNow = { timedatectl: 'NTP=yes\nNTPSynchronized=no\n' }
    expect(await clockUnsynchronised.read(machine, undefined as never)).toEqual({ isOn: true, isSynchronised: false })
    machine.askedNow = { timedatectl: 'Failed to connect to bus\n' }
    expect(await clockUnsynchronised.read(machine, undefined as never)).toHaveProperty('unsupported')
  })
})
