import type { CheckedAddress } from '../address.ts'

/*
 * Isolation as nftables has it. Enters: the collector's addresses and the machine's network devices. Leaves: one transaction of
 * three tables of one name. inet: what programs send and receive. bridge: what guests and containers send one another. netdev:
 * what leaves each device, whoever made it, because raw packet sockets pass the other hooks by. Promises: what is let through is
 * named by address and port; established flows end too, because no rule asks conntrack.
 */

/** `tierline` stays when the agent dies; `tierline_held` belongs to a child of it, so no other program can take it away. */
export type TableName = 'tierline' | 'tierline_held'

/** How we know a table for ours: nobody else's of our name is ever touched. */
export const ownComment = 'Tierline isolation'
export const families = ['inet', 'bridge', 'netdev'] as const

/** Before conntrack (−200) and before everybody's own rules (0). */
const priority = -300

export interface Ruleset {
  table: TableName
  addresses: readonly CheckedAddress[]
  /** Every network device but loopback. */
  devices: readonly string[]
}

/** The whole of it. `create` fails when a table is there, so that rules are never added twice, and never to somebody else's. */
export function rulesFor(ruleset: Ruleset): string {
  return hostRules(ruleset) + deviceRules(ruleset)
}

/** What holds without knowing the devices: the part that can be put before any of them is there. */
export function hostRules({ table, addresses }: Ruleset): string {
  const lines = linesOf(addresses)
  return `${headOf('inet', table)}
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
${lines(towards)}${discovery}\
    meta l4proto tcp reject with tcp reset
  }
  chain forwarded {
    type filter hook forward priority ${priority}; policy drop;
  }
}
${headOf('bridge', table)}
  chain forwarded {
    type filter hook forward priority ${priority}; policy drop;
  }
}
`
}

/** A machine without devices has nothing that could leave by one. */
export function deviceRules({ table, addresses, devices }: Ruleset): string {
  const chain = `  chain leaving {
    type filter hook egress devices = { ${devices.map((device) => `"${device}"`).join(', ')} } priority ${priority}; policy drop;
${linesOf(addresses)(towards)}${discoveryNearby}${link}  }
`
  return `${headOf('netdev', table)}
${devices.length === 0 ? '' : chain}}
`
}

export const deletionOf = (table: TableName): string => families.map((family) => `delete table ${family} ${table}\n`).join('')

/** Adding first makes deleting succeed whether or not the tables were there. */
export const removalOf = (table: TableName): string =>
  families.map((family) => `add table ${family} ${table}\ndelete table ${family} ${table}\n`).join('')

/** What `create` has in its braces is the table alone (nft leaves chains out, without a word), so it is opened once more. */
function headOf(family: (typeof families)[number], table: TableName): string {
  const head = `${family} ${table} {\n  ${table === 'tierline_held' ? 'flags owner; ' : ''}comment "${ownComment}";`
  return `create table ${head}\n}\ntable ${head}`
}

type Line = (address: CheckedAddress, ip: 'ip' | 'ip6') => string

const linesOf =
  (addresses: readonly CheckedAddress[]) =>
  (make: Line): string =>
    addresses.map((address) => `    ${make(address, address.family === 4 ? 'ip' : 'ip6')}\n`).join('')

/**
 * The collector may answer but not open connections to us (a segment with SYN alone is dropped above). Of ICMP only what says
 * "smaller packets, please" comes in: without it a collector behind a tunnel goes silent. Other TCP of programs is reset rather
 * than dropped, so they and our own proof know at once.
 */
const towards: Line = ({ address, port }, ip) => `${ip} daddr ${address} tcp dport ${port} accept`

/** What keeps the collector's addresses reachable. MLD keeps snooping switches delivering neighbour discovery. */
const discovery = `    icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-solicit } ip6 hoplimit 255 accept
    icmpv6 type { mld-listener-report, mld2-listener-report } accept
    udp sport 68 udp dport 67 accept
    udp sport 546 udp dport 547 accept
`

/**
 * The same, on no way further than this cable: any program of root may send from port 68, or call its words a neighbour's. The hook
 * of programs is wider: a client that asks its own server by address, and is told that it may not, could give its address up; here it
 * isn't told, and later it asks everybody. A solicitation with every option that is in use is shorter than this.
 */
const discoveryNearby = `    icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-solicit } ip6 hoplimit 255 ip6 length <= 48 accept
    icmpv6 type { mld-listener-report, mld2-listener-report } ip6 hoplimit 1 accept
    ip daddr 255.255.255.255 udp sport 68 udp dport 67 accept
    ip6 daddr ff02::1:2 udp sport 546 udp dport 547 accept
`

/** ARP; and what keeps the link itself up, which no switch passes on: 802.1X (0x888e) and link aggregation (0x8809). */
const link = `    meta protocol arp accept
    meta protocol 0x888e accept
    meta protocol 0x8809 ether daddr 01:80:c2:00:00:02 accept
`
