import { z } from 'zod'
import { printable } from '#shared/domain/printable.ts'
import { minutes } from '#shared/domain/time.ts'
import { defineHealth } from '../define-health.ts'
import { type Lease, readLeases } from '../network/leases.ts'

/*
 * security.network.spoof (row 22), high: over a cable that was never out, another DHCP server answered than before, and it names another gateway
 * or other name servers. So looks somebody's own router in the wrong socket, and whoever wants to stand between. A second server that
 * gives the same is a partner of the first, and known from then on. Read from what systemd-networkd and dhclient write down, and from nmcli,
 * which is asked when NetworkManager's own client wrote a new lease down. Said once for each server. Who is there first when this machine
 * starts is not known to be wrong. In the frame of health detectors because its memory is theirs. The alert-rules have none for this.
 */
const text = z.string().max(100)
const Known = z.record(text, z.object({ link: text, servers: z.array(text).max(20), gateways: z.array(text), nameServers: z.array(text) }))
type Known = z.infer<typeof Known>

export default defineHealth({
  name: 'second-dhcp',
  platforms: ['linux'],
  every: minutes(2),
  runbook: 'Find the port of the switch behind which that server is and unplug it; until then, nobody there should type a password.',
  start: {} as Known,
  remembers: Known,
  read: ({ vitals }, { time }) => readLeases(vitals, time.now()),
  decide(before, leases) {
    const strangers = leases.filter((lease) => isStranger(before[lease.device], lease))
    const state = { ...before, ...Object.fromEntries(leases.map((lease) => [lease.device, learnt(before[lease.device], lease)])) }
    return {
      state: Object.fromEntries(Object.entries(state).slice(-64)),
      findings: [],
      happened: strangers.map((lease) => spoofed(lease, before)),
    }
  },
})

function isStranger(known: Known[string] | undefined, { link, server, gateways, nameServers }: Lease): boolean {
  if (!known || known.link !== link || known.servers.includes(server)) return false
  return !isSame(known.gateways, gateways) || !isSame(known.nameServers, nameServers)
}

/** Elsewhere, other servers answer: what was known of the network before is nobody's measure there. */
function learnt(known: Known[string] | undefined, { link, server, gateways, nameServers }: Lease): Known[string] {
  const isHere = known !== undefined && (known.link === link || known.servers.includes(server))
  const servers = [...(isHere ? known.servers : []).filter((each) => each !== server), server].slice(-20)
  return { link, servers, gateways, nameServers }
}

const isSame = (some: readonly string[], others: readonly string[]): boolean => some.toSorted().join() === others.toSorted().join()

function spoofed({ device, server, gateways, nameServers }: Lease, before: Known) {
  const { servers = [], gateways: gatewaysBefore = [], nameServers: nameServersBefore = [] } = before[device] ?? {}
  const kind = 'security.network.spoof'
  return {
    kind,
    severity: 'high' as const,
    about: device,
    fingerprint: `${kind}:dhcp ${server}`.slice(0, 300),
    summary: printable(`A second DHCP server (${server}) answers on ${device}, and it names another way out than ${servers.at(-1)} did`),
    facts: {
      ...{ technique: 'T1557.003', interface: device, server, serversBefore: servers },
      ...{ gateways, gatewaysBefore, nameServers, nameServersBefore },
    },
  }
}
