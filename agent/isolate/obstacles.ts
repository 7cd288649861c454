import { existsSync, readdirSync, readFileSync } from 'node:fs'
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
  const ways = await Promise.all((await collectorAddresses()).map((address) => wayTo(host, address)))
  const known = ways.filter((device) => device !== undefined)
  const tunnel = known.find((device) => isTunnel(devices, device))
  if (tunnel === undefined || known.some((device) => !isTunnel(devices, device))) return undefined
  return `the collector is reached only through the tunnel ${tunnel}, whose far end can't be let through`
}

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
