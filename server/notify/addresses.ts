import { BlockList, isIPv6 } from 'node:net'

/**
 * This machine (RFC 1122 §3.2.1.3: 0/8, 127/8) and what every cloud's metadata service hides behind: link-local addresses,
 * and the two that aren't. The provider's private networks are not refused: a gateway for text messages stands there.
 */
const own = [
  ...(['0.0.0.0/8', '127.0.0.0/8', '169.254.0.0/16', '100.100.100.200/32'] as const),
  ...(['::/128', '::1/128', 'fe80::/10', 'fd00:ec2::254/128'] as const),
] as const

const list = listOf(own)

/** @param address IPv4 or IPv6; IPv4 in IPv6 (::ffff:…, 64:ff9b::…) counts as what it leads to. */
export function isOwnAddress(address: string): boolean {
  const [bare = address] = address.split('%')
  return isIPv6(bare) ? list.check(bare, 'ipv6') : list.check(bare, 'ipv4')
}

function listOf(ranges: readonly string[]): BlockList {
  const made = new BlockList()
  for (const range of ranges) {
    const [network = '', bits] = range.split('/')
    const isV6 = isIPv6(network)
    made.addSubnet(network, Number(bits), isV6 ? 'ipv6' : 'ipv4')
    // NAT64 (RFC 6052) carries IPv4 in the last 32 bits; a BlockList unwraps ::ffff: by itself.
    if (!isV6) made.addSubnet(`64:ff9b::${network}`, 96 + Number(bits), 'ipv6')
  }
  return made
}
