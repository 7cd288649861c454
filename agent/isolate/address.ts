import { isIP } from 'node:net'

/** Where the collector answers: an address, never a name, and a TCP port. */
export interface CollectorAddress {
  address: string
  port: number
}

export type CheckedAddress = CollectorAddress & { family: 4 | 6 }

/**
 * The address, fit to stand in a firewall's rules, or undefined. Names, zones (`fe80::1%eth0`), spaces and everything
 * else that is not plainly an address are turned away here, so that no text from outside can become a rule.
 */
export function checkAddress({ address, port }: CollectorAddress): CheckedAddress | undefined {
  const plain = address.startsWith('::ffff:') && isIP(address.slice(7)) === 4 ? address.slice(7) : address
  if (!/^[0-9a-fA-F:.]{2,45}$/.test(plain)) return undefined
  const family = isIP(plain)
  if (family !== 4 && family !== 6) return undefined
  if (!Number.isInteger(port) || port < 1 || port > 65_535) return undefined
  return { address: plain, port, family }
}

/** "10.0.0.1:7843" or "[fd00::1]:7843". */
export function sayAddress({ address, port }: CollectorAddress): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}

export const isLoopback = (address: string): boolean => address === '::1' || address.startsWith('127.')
