import { BlockList, isIP } from 'node:net'

/** A source's address in one spelling: IPv4 inside IPv6 as IPv4, no zone, lower case. */
export function normalised(source: string): string {
  const bare = source.toLowerCase().replace(/%.*$/, '')
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(bare)?.[1] ?? bare
}

/** Where no stranger can be: private (RFC 1918, 4193), link-local, loopback, and shared address space (RFC 6598, VPNs). */
const inside = new BlockList()
inside.addSubnet('10.0.0.0', 8)
inside.addSubnet('172.16.0.0', 12)
inside.addSubnet('192.168.0.0', 16)
inside.addSubnet('127.0.0.0', 8)
inside.addSubnet('169.254.0.0', 16)
inside.addSubnet('100.64.0.0', 10)
inside.addSubnet('fc00::', 7, 'ipv6')
inside.addSubnet('fe80::', 10, 'ipv6')
inside.addAddress('::1', 'ipv6')

/** What sits at this machine's own keyboard. */
export const localSource = 'this machine'

/** A name instead of an address is somebody's word (reverse DNS), so it counts as outside. */
export function isOutside(source: string): boolean {
  if (source === localSource) return false
  const family = isIP(source)
  return family === 0 || !inside.check(source, family === 4 ? 'ipv4' : 'ipv6')
}
