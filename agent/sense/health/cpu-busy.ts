import { minutes } from '#shared/domain/time.ts'
import { defineHealth, rounded } from '../define-health.ts'

/*
 * health.cpu.busy: above 95 % for half an hour. The community's rule (> 80 % for 10 min, warning) is every build server at
 * work, and a processor that is used is what was paid for; half an hour at the top is a loop or a machine too small. On
 * somebody's own machine it is only recorded. Theirs on steal (> 10 %) and iowait (> 10 %) are what another machine or a disk does: nobody
 * can act on them here, and disk-stalls measures the disk itself. Theirs on load (> 2 for each core) counts who waits for a disk as well;
 * the load stands in the facts. A processor that is used little is no trouble, and context switches are work.
 */
const kind = 'health.cpu.busy'
const about = 'processor'

interface Ticks {
  busyTicks: number
  totalTicks: number
}

export default defineHealth({
  name: 'cpu-busy',
  platforms: ['linux', 'macos', 'windows'],
  every: minutes(1),
  runbook: 'See which program is busy (top) and whether it should be; a loop is ended, work that is wanted needs more cores.',
  start: undefined as Ticks | undefined,
  read: async (probe) => probe.processor(),
  decide(before, { busyTicks, totalTicks, load1, load5, load15 }, { role, limits, standing }) {
    const state = { busyTicks, totalTicks }
    const elapsed = totalTicks - (before?.totalTicks ?? totalTicks)
    if (!before || elapsed <= 0) return { state, findings: undefined }
    const busyPercent = ((busyTicks - before.busyTicks) / elapsed) * 100
    if (busyPercent <= limits.busyPercent - (standing(kind, about) ? 5 : 0)) return { state, findings: [] }
    const severity = role === 'workstation' ? ('info' as const) : ('medium' as const)
    const summary = `The processor has been ${Math.floor(busyPercent)} % busy, the load is ${load1}`
    return { state, findings: [{ kind, about, severity, summary, facts: { busyPercent: rounded(busyPercent), load1, load5, load15 } }] }
  },
})
