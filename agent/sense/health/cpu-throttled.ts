import { minutes } from '#shared/domain/time.ts'
import type { Unsupported } from '../define-detector.ts'
import { defineHealth } from '../define-health.ts'

/*
 * health.cpu.throttled: the processor slowed itself down because of heat, more than ten times in each minute for half an
 * hour. Low: it protects itself, and a laptop on a blanket does it too; a dusty fan shows here weeks before it stops. The
 * community has no rule for it.
 */
const kind = 'health.cpu.throttled'
const folder = '/sys/devices/system/cpu'

export default defineHealth({
  name: 'cpu-throttled',
  platforms: ['linux'],
  every: minutes(1),
  runbook: 'Have fans and vents cleaned, and see that the room is cool and nothing covers the machine.',
  start: undefined as number | undefined,
  async read({ vitals }): Promise<number | Unsupported> {
    const cores = (await vitals.names(folder)).filter((name) => /^cpu\d+$/.test(name))
    const counts = await Promise.all(cores.map((core) => vitals.kernel(`${folder}/${core}/thermal_throttle/core_throttle_count`)))
    const known = counts.filter((count) => count !== undefined)
    return known.length === 0 ? { unsupported: 'this processor does not count how often it slows down' } : Math.max(...known.map(Number))
  },
  decide(before, count, { limits, standing }) {
    if (before === undefined || count < before) return { state: count, findings: undefined }
    const times = count - before
    if (times <= limits.perMinuteCount / (standing(kind, 'processor') ? 2 : 1)) return { state: count, findings: [] }
    const summary = `The processor slowed itself down ${times} times in a minute because of heat`
    return { state: count, findings: [{ kind, severity: 'low', about: 'processor', summary, facts: { times } }] }
  },
})
