import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { BlockList, isIP } from 'node:net'
import { join } from 'node:path'
import { seconds } from '#shared/domain/time.ts'
import type { Host } from '../host/host.ts'
import { type CollectorAddress, checkAddress, isLoopback } from './address.ts'

/*
 * What stands in the way of an isolation though nft would take the rules. Enters: the kernel's list of devices, and by which of them
 * the collector is reached. Leaves: one sentence, or nothing. Promises: changes nothing. On failure: nothing is in the way.
 * Threat: a machine that is cut off together with its tunnel, or with forty guests of other people.
 */

export interface ObstacleParts {
  host: Host
  collectorAddresses(): Promise<CollectorAddress[]>
  /** Where the kernel lists its devices. */
  devices?: string
}

const withinMs = seconds(2)
/** ARPHRD_ETHER and ARPHRD_INFINIBAND: what leaves them goes to a cable or the air, not into another packet. */
const direct = ['1', '32']

export async function findObstacle({ host, collectorAddresses, devices = '/sys/class/net' }: ObstacleParts): Promise<string | undefined> {
  const guests = readdirSync(devices).filter((device) => isGuest(devices, device))
  if (guests.length > 0) return `guests run on this machine (${guests.slice(0, 3).join(', ')}), and isolating it would cut them off`
  const [sealed, ...ways] = await Promise.all([
    readSealed(host),
    ...(await collectorAddresses()).map(async (address) => ({ device: await wayTo(host, address), address: address.address })),
  ])
  const tunnels = ways.flatMap(({ device, address }) => {
    if (device === undefined) return []
    return [isTunnel(devices, device) ? device : sealed(address) ? 'of IPsec' : undefined]
  })
  const [tunnel] = tunnels
  if (tunnel === undefined || tunnels.includes(undefined)) return undefined
  return `the collector is reached only through the tunnel ${tunnel}, whose far end can't be let through`
}

/** What IPsec takes by its policies alone, with no device of its own: it leaves as ESP, which no rule lets out. */
async function readSealed(host: Host): Promise<(address: string) => boolean> {
  const asked = await host.run('ip', ['-o', 'xfrm', 'policy', 'list', 'dir', 'out'], { timeoutMs: withinMs })
  const lines = asked.kind === 'ended' && asked.code === 0 ? asked.stdout.split('\n').filter((line) => line.includes('tmpl ')) : []
  const taken = new BlockList()
  for (const line of lines) {
    const [, network = '', bits = ''] = / dst ([0-9a-fA-F:.]+)\/([0-9]{1,3}) /.exec(line) ?? []
    if (isIP(network) !== 0) taken.addSubnet(network, Number(bits), familyOf(network))
  }
  return (address) => isIP(address) !== 0 && taken.check(address, familyOf(address))
}

const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 6 ? 'ipv6' : 'ipv4')

/** A tap that is a port of a bridge, or one that shares a card (macvtap): QEMU, libvirt, Proxmox. */
const isGuest = (devices: string, device: string): boolean =>
  (has(devices, device, 'tun_flags') && has(devices, device, 'brport')) || has(devices, device, 'macvtap')

function isTunnel(devices: string, device: string): boolean {
  if (device === 'lo' || !existsSync(join(devices, device))) return false
  return has(devices, device, 'tun_flags') || !direct.includes(readFileSync(join(devices, device, 'type'), 'utf8').trim())
}

const has = (devices: string, device: string, file: string): boolean => existsSync(join(devices, device, file))

/** The device by which a packet would leave now. */
async function wayTo(host: Host, address: CollectorAddress): Promise<string | undefined> {
  const checked = checkAddress(address)
  if (!checked || isLoopback(checked.address)) return undefined
  const asked = await host.run('ip', ['-o', 'route', 'get', checked.address], { timeoutMs: withinMs })
  if (asked.kind !== 'ended' || asked.code !== 0) return undefined
  return / dev (\S+)/.exec(asked.stdout)?.[1]
}
