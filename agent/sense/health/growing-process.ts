import { hours, minutes } from '#shared/domain/time.ts'
import type { Vitals } from '../../host/vitals.ts'
import { defineHealth } from '../define-health.ts'

/*
 * health.memory.leak: a process has grown for six hours, in each of them, by at least 512 MiB and by half of what it had.
 * Caches grow too, but stop; so each hour must have added something. Low, a line in the digest: long before memory is out,
 * and nothing has happened yet. The community has no rule for one process. It looks every 20 minutes at all processes,
 * which is milliseconds; only those of 100 MiB and more are followed.
 */
export interface Process {
  /** pid and start: a number that is used again is another process. */
  id: string
  name: string
  mib: number
}

type Followed = Record<string, { at: number; mib: number }[]>

const kind = 'health.memory.leak'
const leastMib = 100

export default defineHealth({
  name: 'growing-process',
  platforms: ['linux'],
  every: minutes(20),
  isExpensive: true,
  runbook: 'Ask who runs this program whether it is known to leak, plan a restart of it, and bound its memory (MemoryMax=).',
  start: {} as Followed,
  read: async ({ vitals }) => readProcesses(vitals),
  decide(followed, processes, { monotonic, limits, standing }) {
    const state = Object.fromEntries(processes.map(({ id, mib }) => [id, courseOf(followed[id], mib, monotonic)]))
    const findings = processes.flatMap(({ id, name, mib }) => {
      const course = (state[id] ?? []).slice(-(limits.overHours + 1))
      const [first] = course
      const isOldEnough = course.length > limits.overHours
      const isGrowing = course.every((step, index) => index === 0 || step.mib > (course[index - 1]?.mib ?? 0))
      const grownMib = mib - (first?.mib ?? mib)
      const isMuch = grownMib >= limits.grownMib && grownMib >= ((first?.mib ?? 0) * limits.grownPercent) / 100
      if (!isOldEnough || !isMuch || !(isGrowing || standing(kind, name))) return []
      const summary = `${name} has grown for ${limits.overHours} hours, by ${grownMib} MiB to ${mib} MiB`
      return [{ kind, severity: 'low' as const, about: name, summary, facts: { process: name, id, mib, grownMib } }]
    })
    return { state, findings }
  },
})

/** One step an hour; a day of them is enough. */
function courseOf(course: { at: number; mib: number }[] = [], mib: number, at: number): { at: number; mib: number }[] {
  const last = course.at(-1)
  // Looks come a little early or late; ten minutes are less than half of the time between two.
  return last && at - last.at < hours(1) - minutes(10) ? course : [...course, { at, mib }].slice(-25)
}

async function readProcesses(vitals: Vitals): Promise<Process[]> {
  const pids = (await vitals.names('/proc')).filter((name) => /^\d+$/.test(name))
  const found = await Promise.all(pids.map(async (pid) => processOf(pid, await vitals.kernel(`/proc/${pid}/stat`))))
  return found.flatMap((process) => (process && process.mib >= leastMib ? [process] : [])).slice(0, 500)
}

/** proc(5): the name stands in brackets and may hold any character; start is field 22, resident pages (4 KiB) field 24. */
function processOf(pid: string, stat: string | undefined): Process | undefined {
  if (stat === undefined) return undefined
  const end = stat.lastIndexOf(')')
  const fields = stat.slice(end + 2).split(' ')
  const name = stat.slice(stat.indexOf('(') + 1, end).replace(/[^\x20-\x7e]/g, '?')
  return { id: `${pid}:${fields[19]}`, name, mib: Math.floor((Number(fields[21]) * 4) / 1_024) }
}
