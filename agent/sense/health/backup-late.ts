import { z } from 'zod'
import type { Limits } from '#shared/domain/health-limits.ts'
import { days, hours, minutes } from '#shared/domain/time.ts'
import type { Finding } from '../../signal/signal.ts'
import type { Unsupported } from '../define-detector.ts'
import { defineHealth } from '../define-health.ts'

/*
 * health.backup.late: the newest restic snapshot that this machine knows of is older than 26 h (a night and two hours; 7
 * days on somebody's own machine): medium, above 50 h high. Read from restic's cache, where each backup leaves the snapshot
 * it made, so no password is needed and nothing is started. A machine without such a cache is not judged: no backup at all
 * is for the inventory to say. Medium too where this machine tries its backups out (restic.json) and none of them was good for 30 days, or since it
 * began to. The community has no rule for hosts.
 */
const caches = ['/root/.cache/restic', '/var/cache/restic']

const State = z.object({ since: z.number().nullable() })
type State = z.infer<typeof State>

interface Reading {
  newestAt?: number
  verified?: { at: number | null }
}

export default defineHealth({
  name: 'backup-late',
  platforms: ['linux'],
  every: minutes(30),
  runbook: 'Read why the last run failed (journalctl -u, or the log of its timer), run it once by hand, and check the repository.',
  start: { since: null } as State,
  remembers: State,
  async read({ vitals }, { settings }): Promise<Reading | Unsupported> {
    const repositories = await Promise.all(caches.map(async (cache) => (await vitals.names(cache)).map((id) => `${cache}/${id}/snapshots`)))
    const changed = await Promise.all(repositories.flat().map((folder) => vitals.newestBelow(folder)))
    const known = changed.filter((at) => at !== undefined)
    const verified = await settings.agent?.backupVerified?.()
    if (known.length === 0 && !verified) return { unsupported: 'no restic cache is here' }
    return { ...(known.length > 0 && { newestAt: Math.max(...known) }), ...(verified && { verified }) }
  },
  decide({ since }, { newestAt, verified }, { now, role, limits }) {
    const state = { since: verified ? (since ?? now) : null }
    const isPersonal = role === 'workstation'
    const late = newestAt === undefined ? [] : tooOld(newestAt, now, isPersonal, limits)
    const goodAt = verified ? (verified.at ?? state.since ?? now) : now
    return { state, findings: now - goodAt > days(limits.verifiedDays) ? [...late, untried(goodAt, now, verified?.at ?? null)] : late }
  },
})

function tooOld(newestAt: number, now: number, isPersonal: boolean, limits: Limits<'backup-late'>): Finding[] {
  const age = Math.floor((now - newestAt) / hours(1))
  if (age < (isPersonal ? limits.workstationHours : limits.serverHours)) return []
  const severity = !isPersonal && age > limits.severeHours ? ('high' as const) : ('medium' as const)
  const summary = `The last backup of this machine is ${age} hours old`
  return [{ kind: 'health.backup.late', severity, about: 'restic', summary, facts: { ageHours: age, newestAt } }]
}

function untried(goodAt: number, now: number, verifiedAt: number | null): Finding {
  const summary = `No backup of this machine was tried out and good for ${Math.floor((now - goodAt) / days(1))} days`
  return { kind: 'health.backup.late', severity: 'medium', about: 'restic, tried out', summary, facts: { verifiedAt } }
}
