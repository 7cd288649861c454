import type { Limits } from '#shared/domain/health-limits.ts'
import { minutes } from '#shared/domain/time.ts'
import { defineHealth, easedBy, rounded } from '../define-health.ts'
import { type Link, type LinkStep, linesOf, readLinks } from '../network/links.ts'

/*
 * network.link.errors: more than 1 % of an interface's packets were broken, for a quarter of an hour, of at least a
 * thousand a minute. The community asks for the same share over 2 min and of any number of packets, which one broken
 * packet on an idle link reaches. Drops, which the community has no rule for, are judged by themselves, above 10 %: a few are what an
 * unknown protocol (a switch's own talk) makes of good packets, a tenth is a queue or a processor that is too small. Both let go at half.
 * Low, as a cable is changed tomorrow. The last half hour of the interface's counters goes along as evidence.
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
    const findings = links.flatMap(({ name, ...counters }) => {
      const before = rings[name]?.at(-1)
      if (!before || counters.packets - before.packets < limits.leastPacketsCount) return []
      const evidence = [{ name: `counters of ${name}`, text: linesOf(state[name] ?? []) }]
      return sharesOf(name, before, counters, limits).flatMap(({ about, percent, limit, what }) => {
        if (percent <= easedBy(limit, 0.5, standing(kind, about) !== undefined)) return []
        const facts = { interface: name, percent: rounded(percent), dropped: counters.dropped }
        return [
          {
            kind,
            severity: 'low' as const,
            about,
            summary: `${rounded(percent, 1)} % of the packets on ${name} are ${what}`,
            facts,
            evidence,
          },
        ]
      })
    })
    return { state, findings }
  },
})

function sharesOf(name: string, before: LinkStep, now: Omit<Link, 'name'>, limits: Limits<'link-errors'>) {
  const packets = now.packets - before.packets
  const [errors, dropped] = [now.errors - before.errors, now.dropped - before.dropped]
  return [
    { about: name, percent: (errors / packets) * 100, limit: limits.errorsPercent, what: 'broken' },
    { about: `${name} drops`, percent: (dropped / (packets + Math.max(0, dropped))) * 100, limit: limits.dropsPercent, what: 'dropped' },
  ]
}
