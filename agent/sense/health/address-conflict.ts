import { minutes, seconds } from '#shared/domain/time.ts'
import type { Finding } from '../../signal/signal.ts'
import { defineHealth } from '../define-health.ts'
import { defaultGateway, neighboursIn } from '../network/gateway.ts'

/*
 * network.path.address-conflict: two machines answer for one address. Seen in the table of neighbours, where the hardware
 * address of one goes back and forth between two, three times within ten minutes; and as the kernel says itself where it
 * found its own IPv6 address taken (dadfailed). One change is a new machine or a standby that took over. Low. Where it is the
 * gateway's address it is security.network.spoof (row 21), high: that is how ARP spoofing looks to whoever is lied to. The community has no rule for it.
 */
const windowMs = minutes(10)
const dadFailed = 0x08

export interface Neighbour {
  mac: string
  /** When it became another one that was seen before. */
  backAt: number[]
  earlier: string[]
}

export default defineHealth({
  name: 'address-conflict',
  platforms: ['linux'],
  every: seconds(30),
  runbook: 'Find the second machine by its hardware address in the switch’s table, and give one of the two another address.',
  start: {} as Record<string, Neighbour>,
  async read({ vitals }): Promise<{ arp: string; inet6: string; route?: string }> {
    const paths = ['/proc/net/arp', '/proc/net/if_inet6', '/proc/net/route']
    const [arp = '', inet6 = '', route = ''] = await Promise.all(paths.map((path) => vitals.kernel(path)))
    return { arp, inet6, route }
  },
  decide(before, { arp, inet6, route = '' }, { now, limits }) {
    const kept = [...neighboursIn(arp)].slice(0, 500)
    const state = Object.fromEntries(kept.map(([address, mac]) => [address, follow(before[address], mac, now)]))
    const kind = 'network.path.address-conflict'
    const low = 'low' as const
    const gateway = defaultGateway(route)
    const twice = Object.entries(state).flatMap(([key, { mac, earlier, backAt }]): Finding[] => {
      const address = key.split(' ')[0] ?? key
      if (backAt.length < limits.changesCount) return []
      const summary = `Two machines answer for ${address}: ${[mac, ...earlier].join(' and ')}`
      const facts = { address, hardwareAddresses: [mac, ...earlier] }
      const isGateway = gateway !== undefined && key === `${gateway.address} ${gateway.device}`
      if (!isGateway) return [{ kind, severity: low, about: address, summary, facts }]
      const spoofed = {
        kind: 'security.network.spoof',
        severity: 'high' as const,
        about: address,
        summary: `${summary}, which is the gateway`,
      }
      return [{ ...spoofed, facts: { ...facts, technique: 'T1557.002' } }]
    })
    const taken = takenIn(inet6).map((address) => {
      const summary = `The address ${address} of this machine is used by another one`
      return { kind, severity: low, about: address, summary, facts: { address } }
    })
    return { state, findings: [...twice, ...taken] }
  },
})

function follow(known: Neighbour | undefined, mac: string, now: number): Neighbour {
  const backAt = (known?.backAt ?? []).filter((at) => at > now - windowMs)
  if (!known || known.mac === mac) return { mac, earlier: known?.earlier ?? [], backAt }
  const earlier = [known.mac, ...known.earlier.filter((each) => each !== mac && each !== known.mac)].slice(0, 3)
  return { mac, earlier, backAt: known.earlier.includes(mac) ? [...backAt, now] : backAt }
}

/** Address, interface, prefix, scope, flags, name. */
const takenIn = (inet6: string): string[] =>
  inet6.split('\n').flatMap((line) => {
    const [address = '', , , , flags = '0'] = line.trim().split(/\s+/)
    return (Number.parseInt(flags, 16) & dadFailed) === 0 ? [] : [address.match(/.{4}/g)?.join(':') ?? address]
  })
