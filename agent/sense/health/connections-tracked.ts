import { minutes } from '#shared/domain/time.ts'
import type { Unsupported } from '../define-detector.ts'
import { defineHealth, easedBy, rounded } from '../define-health.ts'

/*
 * health.limits.near about tracked connections: the firewall's table is more than 85 % full for five minutes; high above 95 %, because a
 * full one drops new connections while all that is measured elsewhere looks well. The community asks for 80 % for as long: a router that
 * is sized for its site stands there every noon. On somebody's own machine, which forwards for nobody, it is recorded.
 */
const kind = 'health.limits.near'
const about = 'tracked connections'
const folder = '/proc/sys/net/netfilter'

export default defineHealth({
  name: 'connections-tracked',
  platforms: ['linux'],
  every: minutes(1),
  runbook: 'See who opens them (conntrack -L, or /proc/net/nf_conntrack); if all are wanted, raise net.netfilter.nf_conntrack_max.',
  start: null,
  async read({ vitals }): Promise<{ tracked: number; most: number } | Unsupported> {
    const [tracked, most] = await Promise.all(['nf_conntrack_count', 'nf_conntrack_max'].map((name) => vitals.kernel(`${folder}/${name}`)))
    if (tracked === undefined || !(Number(most) > 0)) return { unsupported: 'this machine tracks no connections' }
    return { tracked: Number(tracked), most: Number(most) }
  },
  decide(state, { tracked, most }, { role, limits, standing }) {
    const percent = (tracked / most) * 100
    const stands = standing(kind, about)
    const isOver = (limit: number, doesStand: boolean): boolean => percent > easedBy(limit, 0.05, doesStand)
    if (!isOver(limits.usedPercent, stands !== undefined)) return { state, findings: [] }
    const onServer = isOver(limits.severeUsedPercent, stands === 'high') ? ('high' as const) : ('medium' as const)
    const severity = role === 'workstation' ? ('info' as const) : onServer
    const summary = `The firewall’s table of connections is ${Math.floor(percent)} % full`
    return { state, findings: [{ kind, severity, about, summary, facts: { tracked, most, percent: rounded(percent) } }] }
  },
})
