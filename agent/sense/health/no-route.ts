import { minutes } from '#shared/domain/time.ts'
import { defineHealth } from '../define-health.ts'
import { defaultGateway } from '../network/gateway.ts'

/*
 * network.path.no-route: there was a way out, and for three minutes there is none, neither by IPv4 nor by IPv6. It is on
 * the collector's desk only afterwards, when there is one again, or by another way; then it says why the machine was
 * silent. Low. The community has no rule for it. On somebody's own machine a lid or a walk is the cause: only info.
 */
export default defineHealth({
  name: 'no-route',
  platforms: ['linux'],
  every: minutes(1),
  runbook: 'See whether the interface is up and has an address (ip address), and who should give it its route: DHCP or a file.',
  start: { hadRoute: false },
  async read({ vitals }): Promise<{ hasRoute: boolean }> {
    const [v4 = '', v6 = ''] = await Promise.all([vitals.kernel('/proc/net/route'), vitals.kernel('/proc/net/ipv6_route')])
    // ipv6_route ends with the device; the kernel keeps an unreachable default on lo.
    const hasV6 = v6.split('\n').some((line) => /^0{32} 00 /.test(line) && !/\slo$/.test(line))
    return { hasRoute: defaultGateway(v4) !== undefined || hasV6 }
  },
  decide({ hadRoute }, { hasRoute }, { role }) {
    const state = { hadRoute: hadRoute || hasRoute }
    if (hasRoute || !hadRoute) return { state, findings: [] }
    const severity = role === 'workstation' ? ('info' as const) : ('low' as const)
    const summary = 'This machine has lost its default route: nothing beyond its own network can be reached'
    return { state, findings: [{ kind: 'network.path.no-route', severity, about: 'default route', summary, facts: {} }] }
  },
})
