import { hours, minutes } from '#shared/domain/time.ts'
import type { Unsupported } from '../define-detector.ts'
import { defineHealth } from '../define-health.ts'

/*
 * health.backup.late: the newest restic snapshot that this machine knows of is older than 26 h (a night and two hours; 7
 * days on somebody's own machine): medium, above 50 h high. Read from restic's cache, where each backup leaves the snapshot
 * it made, so no password is needed and nothing is started. A machine without such a cache is not judged: no backup at all
 * is for the inventory to say. The community has no rule for hosts.
 */
const caches = ['/root/.cache/restic', '/var/cache/restic']

export default defineHealth({
  name: 'backup-late',
  platforms: ['linux'],
  every: minutes(30),
  runbook: 'Read why the last run failed (journalctl -u, or the log of its timer), run it once by hand, and check the repository.',
  start: null,
  async read({ vitals }): Promise<{ newestAt: number } | Unsupported> {
    const repositories = await Promise.all(caches.map(async (cache) => (await vitals.names(cache)).map((id) => `${cache}/${id}/snapshots`)))
    const changed = await Promise.all(repositories.flat().map((folder) => vitals.newestBelow(folder)))
    const known = changed.filter((at) => at !== undefined)
    return known.length === 0 ? { unsupported: 'no restic cache is here' } : { newestAt: Math.max(...known) }
  },
  decide(state, { newestAt }, { now, role, limits }) {
    const age = Math.floor((now - newestAt) / hours(1))
    const isPersonal = role === 'workstation'
    if (age < (isPersonal ? limits.workstationHours : limits.serverHours)) return { state, findings: [] }
    const severity = !isPersonal && age > limits.severeHours ? ('high' as const) : ('medium' as const)
    const summary = `The last backup of this machine is ${age} hours old`
    return { state, findings: [{ kind: 'health.backup.late', severity, about: 'restic', summary, facts: { ageHours: age, newestAt } }] }
  },
})
