import { describe, expect, it } from 'vitest'
import { readDrive } from '../../../../agent/sense/disk/smart.ts'
import { hoursUntilFull } from '../../../../agent/sense/disk/space.ts'
import { defaultGateway, neighboursIn } from '../../../../agent/sense/network/gateway.ts'
import { readLeases } from '../../../../agent/sense/network/leases.ts'
import { readLinks } from '../../../../agent/sense/network/links.ts'
import { FakeMachine } from '../../../support/fake-machine.ts'

describe('what health detectors read', () => {
  it('is the default gateway, out of little-endian hexadecimal', () => {
    const table = 'Iface\tDestination\tGateway\tFlags\neth0\t000200C0\t00000000\t0001\neth0\t00000000\t010200C0\t0003\n'
    expect(defaultGateway(table)).toEqual({ device: 'eth0', address: '192.0.2.1' })
    expect(defaultGateway('Iface\tDestination\n')).toBeUndefined()
  })

  it('is the neighbours that answer', () => {
    const arp = 'IP address HW\n192.0.2.1 0x1 0x2 02:fc:00:00:00:05 * eth0\n192.0.2.7 0x1 0x0 00:00:00:00:00:00 * eth0\n'
    expect([...neighboursIn(arp)]).toEqual([['192.0.2.1 eth0', '02:fc:00:00:00:05']])
  })

  it('is the counters of links that have a cable', () => {
    const text =
      'Inter-| Receive\n face |bytes\n    lo: 1 1 9 9 0 0 0 0 1 1 9 9 0 0 0 0\n  eth0:10 4 1 2 0 0 0 0 20 6 1 3 0 0 0 0\nveth1a: 1 1 9 9 0 0 0 0 1 1 9 9 0 0 0 0'
    expect(readLinks(text)).toEqual([{ name: 'eth0', packets: 10, errors: 2, dropped: 5 }])
  })

  it('is who gave an interface its address, as systemd-networkd and dhclient write it', async () => {
    const machine = new FakeMachine()
    const lease = (device: string, server: string) =>
      `lease {\n  interface "${device}";\n  option routers 192.0.2.1;\n  option dhcp-server-identifier ${server};\n  option domain-name-servers 192.0.2.2,192.0.2.3;\n}\n`
    const of = (device: string, index: number) => ({
      [`/sys/class/net/${device}/ifindex`]: `${index}\n`,
      [`/sys/class/net/${device}/carrier_changes`]: '2\n',
    })
    machine.filesNow = {
      ...{ '/proc/sys/kernel/random/boot_id': 'boot\n', ...of('lo', 1), ...of('eth0', 2), ...of('eth1', 3), ...of('eth2', 4) },
      '/run/systemd/netif/leases/2':
        '# private\nADDRESS=192.0.2.20\nROUTER=192.0.2.1\nSERVER_ADDRESS=192.0.2.254\nDNS=192.0.2.2 192.0.2.3\n',
      '/var/lib/dhcp/dhclient.leases': lease('eth1', '192.0.2.7') + lease('eth1', '192.0.2.8') + lease('eth9', '192.0.2.9'),
    }
    const given = { link: 'boot 2', gateways: ['192.0.2.1'], nameServers: ['192.0.2.2', '192.0.2.3'] }
    expect(await readLeases(machine.vitals, 0)).toEqual([
      { device: 'eth0', server: '192.0.2.254', ...given },
      { device: 'eth1', server: '192.0.2.8', ...given },
    ])
  })

  it('is who gave one, as NetworkManager’s own client says it; asked only while a lease is new', async () => {
    const machine = new FakeMachine()
    const of = (name: string) => `/sys/class/net/wlan0/${name}`
    const file = '/var/lib/NetworkManager/internal-7c1f-wlan0.lease'
    machine.filesNow = {
      '/proc/sys/kernel/random/boot_id': 'boot\n',
      [of('ifindex')]: '3\n',
      [of('carrier_changes')]: '2\n',
      [file]: 'ADDRESS=192.0.2.5\n',
    }
    const shown = `GENERAL.DEVICE:lo\n\nGENERAL.DEVICE:wlan0\nDHCP4.OPTION[1]:dhcp_lease_time = 3600\nDHCP4.OPTION[2]:dhcp_server_identifier = 192.0.2.254\nDHCP4.OPTION[3]:domain_name_servers = 192.0.2.2 192.0.2.3\nDHCP4.OPTION[4]:routers = 192.0.2.1\n`
    machine.askedNow = { nmcli: shown }
    const lease = {
      device: 'wlan0',
      link: 'boot 2',
      server: '192.0.2.254',
      gateways: ['192.0.2.1'],
      nameServers: ['192.0.2.2', '192.0.2.3'],
    }
    expect(await readLeases(machine.vitals, 0)).toEqual([lease])
    expect(await readLeases(machine.vitals, 600_000)).toEqual([])
  })

  it('is a drive, by what smartctl prints as JSON; nothing of one that prints something else', () => {
    const ata = { device: { name: '/dev/sda' }, model_name: 'Acme', smart_status: { passed: true }, temperature: { current: 31 } }
    const table = [{ id: 198, raw: { value: 8 } }]
    expect(readDrive(JSON.stringify({ ...ata, ata_smart_attributes: { table } }))).toMatchObject([
      { device: '/dev/sda', isPassed: true, lost: 8 },
    ])
    expect(readDrive('{"smartctl":{"messages":[{"string":"Device is in STANDBY mode"}]},"device":{"name":"/dev/sda"}}')).toEqual([])
    expect(readDrive('Permission denied')).toEqual([])
  })

  it('is how long a disk has left, once it was watched for long enough', () => {
    const course = Array.from({ length: 19 }, (_, step) => ({ at: step * 600_000, freeBytes: 1_000_000 - step * 10_000 }))
    const store = { mount: '/', device: 'd', type: 'ext4', totalBytes: 1, freeBytes: 820_000, usedRatio: 0.9 }
    expect(hoursUntilFull(course, store, 3 * 3_600_000)).toBe(13)
    expect(hoursUntilFull(course.slice(0, 10), store, 3 * 3_600_000)).toBeUndefined()
    expect(
      hoursUntilFull(
        course.toReversed().map((step, index) => ({ ...step, at: index })),
        store,
        1,
      ),
    ).toBeUndefined()
  })
})
