import { once } from 'node:events'
import { createServer } from 'node:net'
import { describe, expect, it } from 'vitest'
import type { NetworkSettings } from '#shared/domain/network-settings.ts'
import { days, minutes, seconds } from '#shared/domain/time.ts'
import { createProbe } from '../../../../agent/host/probe.ts'
import networkWatch from '../../../../agent/sense/detectors/network-watch.ts'
import { openHealthMemory } from '../../../../agent/sense/memory.ts'
import { createDestinations } from '../../../../agent/sense/network/destinations.ts'
import { MissingNeighbours } from '../../../../agent/sense/network/scan.ts'
import { isReachable, readSockets } from '../../../../agent/sense/network/sockets.ts'
import { openedIn, WorthReading } from '../../../../agent/sense/network/worth-reading.ts'
import type { Happening } from '../../../../agent/signal/signal.ts'
import { systemTime } from '../../../../agent/system-time.ts'
import { FakeMachine } from '../../../support/fake-machine.ts'
import { FakeTime } from '../../../support/fake-time.ts'
import { MemoryFile, silent } from '../bench-machine.ts'

const head = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n'
const hex = (address: string): string =>
  address
    .split('.')
    .toReversed()
    .map((byte) => Number(byte).toString(16).padStart(2, '0').toUpperCase())
    .join('')
const port = (number: number): string => number.toString(16).padStart(4, '0').toUpperCase()
/** A line as the kernel writes it. */
const line = (local: [string, number], remote: [string, number], state: string, inode = 7): string =>
  `   0: ${hex(local[0])}:${port(local[1])} ${hex(remote[0])}:${port(remote[1])} ${state} 00000000:00000000 00:00000000 00000000  1000        0 ${inode} 1 0\n`
const listening = (number: number) => line(['0.0.0.0', number], ['0.0.0.0', 0], '0A')
const asking = (address: string, number: number) => line(['10.0.0.1', 5_000], [address, number], '02')

async function watch(network: Partial<NetworkSettings> = {}, file = new MemoryFile()) {
  const machine = new FakeMachine()
  const time = new FakeTime()
  const said: Omit<Happening, 'detector'>[] = []
  const memory = openHealthMemory(file, silent)
  const policy = { badDestinations: [], isScanner: false, ...network }
  const settings = { canaryDirs: [], canaryFile: new MemoryFile(), services: [], authLogs: [], memory, network: () => policy }
  const given = {
    again: () => undefined,
    settings,
    time,
    log: silent,
    stop: new AbortController().signal,
    role: 'server' as const,
    standing: () => undefined,
  }
  const context = { ...given, healthSettings: () => ({}), isStrained: async () => false, broken: (why: string) => expect.unreachable(why) }
  machine.filesNow['/proc/net/tcp'] = head + listening(22)
  const watching = await networkWatch.watch(machine, async (event) => void said.push(event), context)
  const show = async (...lines: string[]) => {
    machine.filesNow['/proc/net/tcp'] = head + lines.join('')
    await time.advance(seconds(2))
  }
  return { machine, time, said, show, stop: async () => ('stop' in watching ? watching.stop() : undefined) }
}

describe('sockets', () => {
  it('are read of both families', () => {
    const six = `${head}   0: 00000000000000000000000001000000:1F90 B80D0120000000000000000001000000:01BB 01 0:0 0:0 0 33 0 9 1 0\n`
    expect(readSockets(six)).toMatchObject([
      { local: { address: '::1', port: 8080 }, remote: { address: '2001:db8::1', port: 443 }, state: 'open', userId: 33, inode: '9' },
    ])
    expect(readSockets(head + listening(22))).toMatchObject([{ local: { address: '0.0.0.0', port: 22 }, state: 'listening' }])
    expect(readSockets('nonsense\n\0\n  0: zz:1 2')).toEqual([])
    expect(['127.0.0.1', '::1', '::', '0.0.0.0', '10.1.1.1'].map(isReachable)).toEqual([false, false, true, true, true])
  })

  it.skipIf(process.platform !== 'linux')('of this very process are found by their number', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    const probe = createProbe({ time: systemTime, log: silent })
    const mine = readSockets((await probe.vitals.kernel('/proc/net/tcp')) ?? '').find(
      ({ local }) => typeof address === 'object' && local.port === address?.port,
    )
    expect(await probe.socketOwner(mine?.inode ?? '', mine?.userId ?? -1)).toBe(process.pid)
    server.close()
  })
})

/** What a machine remembers that has learnt for long enough. */
async function learnt(): Promise<MemoryFile> {
  const file = new MemoryFile()
  const first = await watch({}, file)
  await first.stop()
  file.text = file.text?.replace(/since":\d+/, `since":${first.time.now() - days(15)}`)
  return file
}

describe('a port that is open', () => {
  it('is learnt for 14 days, over restarts, then said once when it is new; one for this machine alone is not', async () => {
    const file = new MemoryFile()
    const first = await watch({}, file)
    await first.show(listening(22), listening(80))
    await first.stop()
    const since = 'since":'
    file.text = file.text?.replace(new RegExp(`${since}\\d+`), `${since}${first.time.now() - days(15)}`)
    const { said, show, stop } = await watch({}, file)
    await show(listening(22), listening(80), line(['127.0.0.1', 81], ['0.0.0.0', 0], '0A'), listening(40_000))
    expect([first.said, said]).toEqual([[], []])
    await show(listening(22), listening(4_444))
    await show(listening(22), listening(4_444))
    expect(said).toMatchObject([{ kind: 'security.network.listener', severity: 'info', about: 'port 4444' }])
    await stop()
  })
})

describe('a port of UDP', () => {
  const door = (number: number, inode: number) => line(['0.0.0.0', number], ['0.0.0.0', 0], '07', inode)

  it('is said once it stays open and is new; what is asked from, and what was there when the agent learnt of UDP, is not', async () => {
    const file = await learnt()
    file.text = file.text?.replace(/"udpSince":\d+,/, '')
    const first = await watch({}, file)
    first.machine.filesNow['/proc/net/udp'] = head + door(161, 1)
    await first.time.advance(minutes(3))
    await first.stop()
    expect(first.said).toEqual([])
    file.text = file.text?.replace(/udpSince":\d+/, `udpSince":${first.time.now() - days(15)}`)
    const { machine, time, said, stop } = await watch({}, file)
    for (let minute = 0; minute < 4; minute += 1) {
      machine.filesNow['/proc/net/udp'] = head + door(161, 1) + door(5_000 + minute, 10 + minute) + door(6_666, 5)
      await time.advance(minutes(1))
    }
    expect(said).toMatchObject([{ kind: 'security.network.listener', severity: 'info', about: 'UDP port 6666' }])
    await stop()
  })
})

describe('ports without number', () => {
  it('of one user are said once, and blind nobody to those of another', async () => {
    const at = (number: number, userId: number) => listening(number).replace('  1000  ', `  ${userId}  `)
    const { said, show, stop } = await watch({}, await learnt())
    await show(...Array.from({ length: 600 }, (_, n) => at(n + 2_000, 1_000)))
    expect(said.filter(({ about }) => about === 'user 1000')).toMatchObject([{ severity: 'low' }])
    expect(said).toHaveLength(100)
    await show(at(9_000, 1_000), at(4_444, 0))
    expect(said.slice(100)).toMatchObject([{ about: 'port 4444' }])
    await stop()
  })
})

describe('the tables of sockets', () => {
  const snmp = (dialled: number, answered = 9) =>
    `Ip: A B\nIp: 1 2\nTcp: RtoMax ActiveOpens PassiveOpens\nTcp: 120000 ${dialled} ${answered}\nUdp: A\nUdp: 1\n`

  it('are read when this machine dialled somebody, when there is another list, and once a minute', () => {
    const worth = new WorthReading()
    const [none, some] = [[], ['203.0.113.9']]
    const takes: [number, readonly string[], number][] = [
      [5, none, 0],
      [5, [], 2_000],
      [6, none, 4_000],
      [6, none, 6_000],
      [6, some, 8_000],
      [6, some, 10_000],
      [6, some, 67_999],
      [6, some, 68_000],
      [6, some, 70_000],
    ]
    const found = takes.map(([dialled, list, at]) => worth.take(snmp(dialled), list, at))
    expect(found).toEqual([true, false, true, false, true, false, false, true, false])
  })

  it('are always read where the kernel does not say', () => {
    const worth = new WorthReading()
    expect(['', 'Tcp: A\nTcp: 1', ''].map((text) => worth.take(text, [], 0))).toEqual([true, true, true])
    expect(openedIn(snmp(7))).toEqual({ fromHere: 7, here: 9 })
  })

  it('are read when somebody dialled this machine only while addresses are looked for, and then every ten seconds', () => {
    const [none, some] = [[], ['203.0.113.9']]
    const worth = new WorthReading()
    expect([0, 12_000].map((at) => worth.take(snmp(5, at), none, at))).toEqual([true, false])
    const takes = [14_000, 16_000, 22_000, 24_000, 26_000, 34_000]
    expect(takes.map((at) => worth.take(snmp(5, at), some, at))).toEqual([true, false, false, true, false, true])
    expect(worth.take(snmp(5, 34_000), some, 90_000)).toBe(false)
  })

  it('show a listed address that came in by a door that is shut behind it', async () => {
    const { machine, said, show, stop } = await watch({ badDestinations: ['203.0.113.9'] })
    machine.filesNow['/proc/net/snmp'] = snmp(5, 9)
    await show(listening(22), listening(4_444))
    for (let quiet = 0; quiet < 6; quiet += 1) await show(listening(22), listening(4_444))
    machine.filesNow['/proc/net/snmp'] = snmp(5, 10)
    await show(listening(22), line(['10.0.0.1', 4_444], ['203.0.113.9', 50_000], '01'))
    expect(said).toMatchObject([{ kind: 'security.network.bad-destination', about: '203.0.113.9' }])
    await stop()
  })
})

describe('an address on the list', () => {
  it('is looked up as quickly in a list of fifty thousand as in one of fifty', () => {
    const list = Array.from({ length: 50_000 }, (_, n) => `10.${n >> 8}.${n & 255}.0/${24 + (n % 9)}`)
    const isListed = createDestinations()
    const tookMs = (entries: readonly string[]): number => {
      isListed(entries, '192.0.2.1')
      const startedAt = performance.now()
      for (let n = 0; n < 500; n += 1) isListed(entries, `192.0.2.${n & 255}`)
      return performance.now() - startedAt
    }
    const few = tookMs(list.slice(0, 50))
    expect(tookMs(list) / few).toBeLessThan(30)
    expect(['10.1.0.0', '10.1.0.77', '::ffff:10.1.0.0', '2001:db8::1'].map((address) => isListed(list, address))).toEqual([
      true,
      false,
      true,
      false,
    ])
  })

  it('is said once an hour, whatever the state of the connection', async () => {
    const { time, said, show, stop } = await watch({ badDestinations: ['198.51.100.0/24', 'nonsense', '2001:db8::/99999'] })
    await show(line(['10.0.0.1', 5_000], ['203.0.113.9', 443], '01'))
    expect(said).toEqual([])
    for (let turn = 0; turn < 3; turn += 1) await show(line(['10.0.0.1', 5_000], ['198.51.100.9', 443], '06'))
    expect(said).toMatchObject([{ kind: 'security.network.bad-destination', severity: 'high', about: '198.51.100.9' }])
    await time.advance(3_600_000)
    expect(said).toHaveLength(2)
    await stop()
  })

  it('is nobody who knocks at a port that is open here', async () => {
    const { said, show, stop } = await watch({ badDestinations: ['198.51.100.0/24'] })
    await show(
      listening(22),
      line(['10.0.0.1', 22], ['198.51.100.9', 40_000], '03'),
      line(['10.0.0.1', 22], ['198.51.100.9', 40_001], '01'),
    )
    expect(said).toEqual([])
    await stop()
  })

  it('is found in both families', () => {
    const isListed = createDestinations()
    const list = ['2001:db8::/32', '203.0.113.9']
    expect(['2001:db8::5', '203.0.113.9', '203.0.113.8'].map((address) => isListed(list, address))).toEqual([true, true, false])
  })
})

describe('a scan', () => {
  it('is not what was missing before, however often it is looked at, nor what went missing over hours', () => {
    const table = (...missing: number[]) => `IP address HW type Flags\n${missing.map((n) => `10.0.0.${n} 0x1 0x0 00:00 * eth0\n`).join('')}`
    const old = Array.from({ length: 30 }, (_, n) => n)
    const gone = new MissingNeighbours()
    expect([gone.take(table(...old), 0), gone.take(table(...old), 2_000)]).toEqual([0, 0])
    expect(gone.take(table(...old, 40, 41), 4_000)).toBe(2)
    expect(gone.take(table(...old, 40, 41, 42), 65_000)).toBe(1)
  })

  const hosts = Array.from({ length: 25 }, (_, n) => asking(`10.0.0.${n + 2}`, 445))

  it('of many machines at one port is said once, as is one of many ports', async () => {
    const one = await watch()
    await one.show(...hosts.slice(0, 15))
    expect(one.said).toEqual([])
    await one.show(...hosts.slice(15))
    await one.show(...hosts)
    expect(one.said).toMatchObject([{ kind: 'security.network.scan', severity: 'high', about: 'port 445', facts: { technique: 'T1046' } }])
    await one.stop()
    const two = await watch()
    await two.show(...Array.from({ length: 100 }, (_, n) => asking('10.0.0.9', n + 1_000)))
    expect(two.said).toMatchObject([{ about: '10.0.0.9', facts: { way: 'ports', count: 100 } }])
    await two.stop()
  })

  it('is none by a browser whose line is down, over hours, or by a machine whose work it is', async () => {
    const { time, said, show, stop } = await watch()
    await show(...Array.from({ length: 60 }, (_, n) => asking(`203.0.113.${n}`, 443)))
    for (const host of hosts) {
      await show(host)
      await time.advance(seconds(30))
    }
    expect(said).toEqual([])
    await stop()
    const scanner = await watch({ isScanner: true })
    await scanner.show(...hosts)
    expect(scanner.said).toEqual([])
    await scanner.stop()
  })

  it('that leaves no socket is seen by the neighbours that are not there, except on a router', async () => {
    const { machine, said, show, stop } = await watch()
    const arp = Array.from({ length: 20 }, (_, n) => `10.0.0.${n + 2} 0x1 0x0 00:00:00:00:00:00 * eth0\n`)
    machine.filesNow['/proc/net/arp'] = `IP address HW type Flags HW address Mask Device\n${arp.join('')}`
    machine.filesNow['/proc/sys/net/ipv4/ip_forward'] = '1\n'
    await show()
    expect(said).toEqual([])
    machine.filesNow['/proc/sys/net/ipv4/ip_forward'] = '0\n'
    await show()
    expect(said).toMatchObject([{ kind: 'security.network.scan', about: 'this network' }])
    await stop()
  })
})
