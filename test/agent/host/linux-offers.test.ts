import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { readOffers } from '../../../agent/host/linux-offers.ts'

const head = 'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\n'
const route = (device: string, network: string, gateway = '00000000') => `${device}\t${network}\t${gateway}\t0001\t0\t0\t0\t00FFFFFF\n`

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tierline-offers-'))
  put('/proc/sys/net/ipv4/ip_forward', '1\n')
  put(
    '/proc/net/route',
    head + route('eth0', '00000000', '0101A8C0') + route('eth0', '0001A8C0') + route('eth1', '0000000A') + route('eth2', '0000FEA9'),
  )
  put('/proc/net/dev', ' eth0: 1\n eth1: 1\n')
})
afterEach(() => rmSync(root, { recursive: true }))

function put(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text)
}

it('calls a gateway what forwards between two networks of its own', async () => {
  expect((await readOffers(root)).gatewayOf).toEqual(['eth0', 'eth1'])
  put('/proc/sys/net/ipv4/ip_forward', '0\n')
  expect((await readOffers(root)).gatewayOf).toEqual([])
})

it('takes what forwards for its containers for none', async () => {
  put('/proc/net/dev', ' eth0: 1\n docker0: 1\n')
  expect(await readOffers(root)).toMatchObject({ gatewayOf: [], forwardsForContainers: true })
})

it('believes the system’s services and nobody’s own', async () => {
  mkdirSync(join(root, 'sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/app.slice/rest-server.service'), { recursive: true })
  expect((await readOffers(root)).backupUnits).toEqual([])
  mkdirSync(join(root, 'sys/fs/cgroup/system.slice/rest-server.service'), { recursive: true })
  expect((await readOffers(root)).backupUnits).toEqual(['rest-server.service'])
})

it('is nothing where nothing can be seen', async () => {
  expect(await readOffers(join(root, 'nowhere'))).toEqual({ gatewayOf: [], forwardsForContainers: false, backupUnits: [] })
})
