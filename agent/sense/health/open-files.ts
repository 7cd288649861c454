import { minutes } from '#shared/domain/time.ts'
import type { Unsupported } from '../define-detector.ts'
import { defineHealth, easedBy, rounded } from '../define-health.ts'

/*
 * health.limits.near about open files: the whole machine holds more than 80 % of the files that its kernel lets it open, for ten minutes;
 * high above 95 %, because the next program that opens one fails, whoever it is. The community warns at 70 % for 5 min and is critical at
 * 90 % for 2. Since Linux 5 the usual limit is without bounds, so where this is said somebody set one, and a program leaks. What one
 * process may open is its own affair: it fails alone, and says so in its log.
 */
const kind = 'health.limits.near'
const about = 'open files'

export default defineHealth({
  name: 'open-files',
  platforms: ['linux'],
  every: minutes(1),
  runbook: 'See which program holds them (ls /proc/*/fd | sort | uniq -c, or lsof), start it again, and only then raise fs.file-max.',
  start: null,
  async read({ vitals }): Promise<{ open: number; most: number } | Unsupported> {
    const [open = 0, , most = 0] = ((await vitals.kernel('/proc/sys/fs/file-nr')) ?? '').trim().split(/\s+/).map(Number)
    return most > 0 ? { open, most } : { unsupported: 'the kernel does not say how many files are open' }
  },
  decide(state, { open, most }, { limits, standing }) {
    const percent = (open / most) * 100
    const stands = standing(kind, about)
    const isOver = (limit: number, doesStand: boolean): boolean => percent > easedBy(limit, 0.05, doesStand)
    if (!isOver(limits.usedPercent, stands !== undefined)) return { state, findings: [] }
    const severity = isOver(limits.severeUsedPercent, stands === 'high') ? ('high' as const) : ('medium' as const)
    const summary = `${Math.floor(percent)} % of the files that this machine can open are open`
    return { state, findings: [{ kind, severity, about, summary, facts: { open, most, percent: rounded(percent) } }] }
  },
})
