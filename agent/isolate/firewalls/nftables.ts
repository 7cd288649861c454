import type { IsolationReadiness } from '#shared/domain/endpoint.ts'
import { Fault } from '#shared/domain/fault.ts'
import { seconds } from '#shared/domain/time.ts'
import type { Ended, Host } from '../../host/host.ts'
import { type CheckedAddress, type CollectorAddress, checkAddress } from '../address.ts'
import type { Firewall } from './firewall.ts'

/*
 * Isolation on Linux. Enters: the collector's addresses. Leaves: one inet table `tierline`, put in place atomically for
 * IPv4 and IPv6. Promises: loopback, the collector, and what keeps its addresses reachable (ARP, neighbour and router
 * discovery, DHCP) go on; everything else ends, established flows too, because no rule asks conntrack. On failure: a
 * Fault, and nothing was changed. Threat: other rules let nothing back in, since a drop here is final for every table.
 */

const withinMs = seconds(5)
/** Before conntrack (−200) and before everybody's own rules (0). */
const priority = -300

export function createNftables(host: Host): Firewall {
  const nft = (args: string[], stdin?: string): Promise<Ended> =>
    host.run('nft', args, { timeoutMs: withinMs, ...(stdin === undefined ? {} : { stdin }) })

  async function apply(addresses: readonly CollectorAddress[]): Promise<void> {
    const checked = addresses.map(checkAddress).filter((address) => address !== undefined)
    if (checked.length === 0)
      throw new Fault('collector-address-unknown', 'no address of the collector is known, so isolating would lose it')
    const added = await nft(['-f', '-'], rulesFor(checked))
    if (!isAlreadyThere(added)) return mustEnd(added, 'nft did not take the isolation rules')
    // Replacing is one transaction as well; it only costs more, so the plain add is tried first.
    mustEnd(await nft(['-f', '-'], removal + rulesFor(checked)), 'nft did not replace the isolation rules')
  }

  return {
    name: 'nftables',
    readiness: async () => readinessFrom(await nft(['-c', '-f', '-'], removal + rulesFor([rehearsed]))),
    apply,
    remove: async () => mustEnd(await nft(['-f', '-'], removal), 'nft did not remove the isolation rules'),
    snapshot: async () => {
      const listed = await nft(['-s', 'list', 'table', 'inet', 'tierline'])
      if (listed.kind === 'ended' && listed.code !== 0 && listed.stderr.includes('No such file')) return undefined
      mustEnd(listed, 'nft did not list the isolation rules')
      return listed.kind === 'ended' ? listed.stdout : undefined
    },
  }
}

/** RFC 5737: an address for examples, so that readiness rehearses the real rules. */
const rehearsed: CheckedAddress = { address: '192.0.2.1', port: 7843, family: 4 }

/** Adding first makes deleting succeed whether or not the table was there. */
const removal = 'add table inet tierline\ndelete table inet tierline\n'

/**
 * The whole ruleset. `create` fails when the table is there, so that rules are never added twice. The collector may
 * answer but not open connections to us (a segment with SYN alone is dropped). Of ICMP only what says "smaller packets,
 * please" comes in: without it a collector behind a tunnel goes silent. MLD keeps snooping switches delivering neighbour
 * discovery. Other TCP is reset rather than dropped, so programs and our own proof know at once.
 */
export function rulesFor(addresses: readonly CheckedAddress[]): string {
  const lines = (make: (address: CheckedAddress, ip: 'ip' | 'ip6') => string): string =>
    addresses.map((address) => `    ${make(address, address.family === 4 ? 'ip' : 'ip6')}\n`).join('')
  return `create table inet tierline
table inet tierline {
  chain incoming {
    type filter hook input priority ${priority}; policy drop;
    iifname "lo" accept
${lines(({ address, port }, ip) => `${ip} saddr ${address} tcp sport ${port} tcp flags & (syn | ack) != syn accept`)}\
    icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-advert } ip6 hoplimit 255 accept
    icmpv6 type { mld-listener-query, packet-too-big } accept
    icmp type destination-unreachable icmp code frag-needed accept
    udp sport 67 udp dport 68 accept
    udp sport 547 udp dport 546 accept
  }
  chain outgoing {
    type filter hook output priority ${priority}; policy drop;
    oifname "lo" accept
${lines(({ address, port }, ip) => `${ip} daddr ${address} tcp dport ${port} accept`)}\
    icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-solicit } ip6 hoplimit 255 accept
    icmpv6 type { mld-listener-report, mld2-listener-report } accept
    udp sport 68 udp dport 67 accept
    udp sport 546 udp dport 547 accept
    meta l4proto tcp reject with tcp reset
  }
  chain forwarded {
    type filter hook forward priority ${priority}; policy drop;
  }
}
`
}

function isAlreadyThere(ended: Ended): boolean {
  return ended.kind === 'ended' && ended.code !== 0 && ended.stderr.includes('File exists')
}

function mustEnd(ended: Ended, trouble: string): void {
  if (ended.kind === 'ended' && ended.code === 0) return
  throw new Fault('firewall-failed', `${trouble}: ${sayEnd(ended)}`, { isRetryable: true })
}

function readinessFrom(ended: Ended): IsolationReadiness {
  if (ended.kind === 'ended' && ended.code === 0) return { isReady: true }
  if (ended.kind === 'missing') return { isReady: false, reason: 'nft was not found; install the package nftables' }
  if (ended.kind === 'ended' && ended.stderr.includes('Operation not permitted'))
    return { isReady: false, reason: 'this agent does not run as root (it needs CAP_NET_ADMIN)' }
  return { isReady: false, reason: `nft would not take the rules: ${sayEnd(ended)}`.slice(0, 300) }
}

function sayEnd(ended: Ended): string {
  if (ended.kind === 'missing') return `${ended.program} was not found`
  if (ended.kind === 'timed-out') return `${ended.program} took longer than ${ended.timeoutMs} ms`
  return (ended.stderr.trim().split('\n')[0] ?? '').slice(0, 300) || `it ended with code ${ended.code}`
}
