import { describe, expect, it } from 'vitest'
import { judgeRole, type RoleFacts } from '../../../agent/host/linux-role.ts'
import { parseMounts } from '../../../agent/host/mounts.ts'
import { parseListeners, parseMemory, parseNetworks, parseProcessor, parseStall } from '../../../agent/host/proc.ts'
import { parseFailed, parseUnits, syslogOf } from '../../../agent/host/systemd.ts'

describe('/proc', () => {
  it('tells ticks; waiting for a disk is idle, and guests are counted once', () => {
    const stat = 'cpu  100 10 50 800 40 5 5 10 60 0\ncpu0 1 1 1 1\n'
    expect(parseProcessor(stat, '0.50 1.00 2.00 1/100 4242')).toEqual({
      busyTicks: 180,
      totalTicks: 1_020,
      load1: 0.5,
      load5: 1,
      load15: 2,
    })
  })

  it('tells memory, also of a kernel that does not say what is available', () => {
    const meminfo = 'MemTotal:  1000 kB\nMemFree:  100 kB\nBuffers:  50 kB\nCached:  250 kB\nSwapTotal:  200 kB\nSwapFree:  150 kB\n'
    expect(parseMemory(meminfo)).toMatchObject({ totalBytes: 1_024_000, availableBytes: 409_600, swapUsedBytes: 51_200 })
    expect(parseMemory(`${meminfo}MemAvailable:  500 kB\n`).availableBytes).toBe(512_000)
  })

  it('tells pressure over the last minute', () => {
    expect(parseStall('some avg10=1.00 avg60=25.50 avg300=2.00 total=9\nfull avg10=0.00 avg60=9.00 avg300=0.00 total=0\n')).toBe(0.255)
    expect(parseStall('')).toBeUndefined()
  })

  it('tells interfaces, without loopback and what comes and goes', () => {
    const head = 'Inter-|   Receive\n face |bytes\n'
    const text = `${head}    lo: 1 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0\n  eth0: 100 2 3 0 0 0 0 0 200 4 5 0 0 0 0 0\nveth12:1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1\n`
    expect(parseNetworks(text)).toEqual([{ name: 'eth0', receivedBytes: 100, sentBytes: 200, errors: 8 }])
  })

  it('tells who listens where others can reach it', () => {
    const head = '  sl  local_address rem_address   st\n'
    const owner = (uid: number): string => `00000000:00000000 00:00000000 00000000 ${uid} 0 20331 1`
    const tcp = `${head}   0: 00000000:0801 00000000:0000 0A ${owner(0)}\n   1: 0100007F:0035 00000000:0000 0A\n   2: 0A00000A:0016 0B00000A:9999 01\n`
    const tcp6 = `${head}   0: 00000000000000000000000001000000:0035 0:0 0A\n   1: 00000000000000000000000000000000:01BD 0:0 0A\n`
    expect(parseListeners(tcp, 'tcp')).toEqual([{ port: 2_049, protocol: 'tcp' }])
    expect(parseListeners(tcp6, 'tcp')).toEqual([{ port: 445, protocol: 'tcp' }])
    expect(parseListeners(`${head} 0: 00000000:0043 00000000:0000 07\n`, 'udp')).toEqual([{ port: 67, protocol: 'udp' }])
    // Port 6789: Ceph's own account is a service, a person who listens there makes nothing of the machine.
    const ceph = (uid: number): string => `${head}   0: 00000000:1A85 00000000:0000 0A ${owner(uid)}\n`
    expect(parseListeners(ceph(167), 'tcp')).toEqual([{ port: 6_789, protocol: 'tcp' }])
    expect(parseListeners(ceph(1_000), 'tcp')).toEqual([])
  })
})

describe('mounts', () => {
  const mount = (device: string, path: string, type: string, source: string): string =>
    `20 1 ${device} / ${path} rw,relatime shared:1 - ${type} ${source} rw`
  const mounts = (...lines: string[]): string[] => parseMounts(lines.join('\n')).map((each) => each.mount)

  it('are disks of this machine: nothing made up, no image, nobody else’s, each once', () => {
    expect(
      mounts(
        mount('8:1', '/', 'ext4', '/dev/sda1'),
        mount('8:1', '/run/netns', 'ext4', '/dev/sda1'),
        mount('8:2', '/var\\040log', 'xfs', '/dev/sda2'),
        mount('0:21', '/proc', 'proc', 'proc'),
        mount('0:22', '/dev/shm', 'tmpfs', 'tmpfs'),
        mount('7:0', '/snap/core/1', 'squashfs', '/dev/loop0'),
        mount('0:50', '/mnt/share', 'nfs4', 'nas:/share'),
        mount('0:51', '/mnt/cloud', 'fuse.sshfs', 'kim@nas:'),
        mount('0:52', '/var/lib/docker/overlay2/1/merged', 'overlay', 'overlay'),
      ),
    ).toEqual(['/', '/var log'])
  })

  it('are the root layer of a container, and one of all data sets of a pool', () => {
    expect(
      mounts(
        mount('0:60', '/', 'overlay', 'overlay'),
        mount('0:61', '/tank', 'zfs', 'tank'),
        mount('0:62', '/tank/home/kim', 'zfs', 'tank/home/kim'),
        mount('0:63', '/b', 'btrfs', '/dev/sdb'),
        mount('0:63', '/b/sub', 'btrfs', '/dev/sdb'),
      ),
    ).toEqual(['/', '/b', '/tank'])
  })

  it('that are broken lines are none', () => {
    expect(mounts('', 'nonsense', '1 2 3 - ', ' - - -')).toEqual([])
  })
})

describe('systemd', () => {
  it('names failed units, whatever stands before them', () => {
    expect(parseFailed('nginx.service loaded failed failed A server\n● cups.service loaded failed failed\n\n')).toEqual([
      'nginx.service',
      'cups.service',
    ])
  })

  it('shows units in blocks', () => {
    const text =
      'Id=nginx.service\nLoadState=loaded\nActiveState=failed\nSubState=failed\nResult=exit-code\n\nId=gone.service\nLoadState=not-found\nActiveState=inactive\n'
    expect(parseUnits(text, new Set(['gone.service']))).toEqual([
      { name: 'nginx.service', state: 'failed', detail: 'failed, result exit-code', isListed: false },
      { name: 'gone.service', state: 'not found', detail: 'no such unit', isListed: true },
    ])
  })

  it('gives journal entries as syslog lines, one each, also those that are not UTF-8', () => {
    const entry = {
      MESSAGE: 'Invalid user\nNov 1 00:00:00 srv sshd[1]: x',
      SYSLOG_IDENTIFIER: 'sshd',
      _PID: '7',
      _HOSTNAME: 'srv',
      __REALTIME_TIMESTAMP: '1000000',
    }
    expect(syslogOf(JSON.stringify(entry))).toBe('1970-01-01T00:00:01.000Z srv sshd[7]: Invalid user Nov 1 00:00:00 srv sshd[1]: x')
    expect(syslogOf(JSON.stringify({ ...entry, MESSAGE: [...Buffer.from('hi')] }))).toMatch(/: hi$/)
    expect(syslogOf('{')).toBeUndefined()
    expect(syslogOf('null')).toBeUndefined()
  })
})

describe('what a machine is for', () => {
  const noOffers = { gatewayOf: [], forwardsForContainers: false, backupUnits: [] }
  const facts: RoleFacts = {
    chassis: undefined,
    bootsTo: 'graphical.target',
    hasDisplayManager: false,
    hypervisor: undefined,
    listeners: [],
    offers: noOffers,
  }
  const roleOf = (more: Partial<RoleFacts>) => judgeRole({ ...facts, ...more }).role

  it.each<[string, Partial<RoleFacts>]>([
    ['workstation', { chassis: 10, hasDisplayManager: true }],
    ['workstation', { chassis: 3, hasDisplayManager: true, hypervisor: 'libvirt with KVM', listeners: [{ port: 445, protocol: 'tcp' }] }],
    ['server', { chassis: 3 }],
    ['server', { chassis: 23 }],
    ['server', { chassis: 1 }],
    ['core', { chassis: 23, hypervisor: 'Proxmox VE' }],
    [
      'core',
      {
        listeners: [
          { port: 88, protocol: 'tcp' },
          { port: 389, protocol: 'tcp' },
        ],
      },
    ],
    ['core', { listeners: [{ port: 2_049, protocol: 'tcp' }] }],
    [
      'server',
      {
        listeners: [
          { port: 389, protocol: 'tcp' },
          { port: 443, protocol: 'tcp' },
        ],
      },
    ],
    ['core', { chassis: 23, offers: { ...noOffers, gatewayOf: ['eth0', 'eth1'] } }],
    ['server', { chassis: 23, offers: { ...noOffers, gatewayOf: ['eth0'], forwardsForContainers: true } }],
    ['core', { chassis: 23, offers: { ...noOffers, backupUnits: ['rest-server.service'] } }],
    ['core', { listeners: [{ port: 9_103, protocol: 'tcp' }] }],
    ['workstation', { chassis: 10, hasDisplayManager: true, offers: { ...noOffers, gatewayOf: ['eth0', 'wlan0'] } }],
    ['unknown', { bootsTo: undefined }],
    ['unknown', { chassis: 1, hasDisplayManager: true }],
  ])('%s: %o', (role, more) => {
    expect(roleOf(more)).toBe(role)
  })

  it('comes with reasons, also when it is not known', () => {
    expect(judgeRole({ ...facts, bootsTo: undefined }).reasons).not.toEqual([])
    expect(judgeRole({ ...facts, chassis: 23, hypervisor: 'Xen' }).reasons).toEqual([
      'it is a hypervisor (Xen)',
      'its chassis is a rack or blade server',
      'it has no graphical sign-in',
    ])
  })
})
