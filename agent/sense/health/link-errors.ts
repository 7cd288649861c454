import { minutes } from '#shared/domain/time.ts'
import { defineHealth, easedBy, rounded } from '../define-health.ts'
import { type Link, type LinkStep, linesOf, readLinks } from '../network/links.ts'

/*
 * network.link.errors: more than 1 % of an interface's packets were broken, for a quarter of an hour, of at least a
 * thousand a minute. The community asks for the same share over 2 min and of any number of packets, which one broken
 * packet on an idle link reaches. Only errors count: drops are what a full queue or an unknown protocol makes of good
 * packets. Low, as a cable is changed tomorrow. The last half hour of the interface's counters goes along as evidence.
 */
const kind = 'network.link.errors'

export default defineHealth({
  name: 'link-errors',
  platforms: ['linux'],
  every: minutes(1),
  runbook: 'Change the cable, then the switch’s port; see whether both ends agree on speed and duplex (ethtool).',
  start: {} as Record<string, LinkStep[]>,
  read: async ({ vitals }): Promise<Link[]> => readLinks((await vitals.kernel('/proc/net/dev')) ?? ''),
  decide(rings, links, { now, limits, standing }) {
    const state = Object.fromEntries(
      links.map(({ name, ...counters }) => [name, [...(rings[name] ?? []), { at: now, ...counters }].slice(-30)]),
    )
    const findings = links.flatMap(({ name, packets, errors, dropped }) => {
      const before = rings[name]?.at(-1)
      if (!before || packets - before.packets < limits.leastPacketsCount) return []
      const percent = ((errors - before.errors) / (packets - before.packets)) * 100
      if (percent <= easedBy(limits.errorsPercent, 0.5, standing(kind, name) !== undefined)) return []
      const summary = `${rounded(percent, 1)} % of the packets on ${name} are broken`
      const evidence = [{ name: `counters of ${name}`, text: linesOf(state[name] ?? []) }]
      return [
        { kind, severity: 'low' as const, about: name, summary, facts: { interface: name, percent: rounded(percent), dropped }, evidence },
      ]
    })
    return { state, findings }
  },
})
