import { z } from 'zod'
import { days, hours } from '#shared/domain/time.ts'
import type { Unsupported } from '../define-detector.ts'
import { defineHealth } from '../define-health.ts'
import { askForMissing, type Missing } from '../updates/missing.ts'

/*
 * health.update.missing: a security update has been there for 30 days and is not installed, or the lists that would say so
 * are older than that. Low, a line in the digest. Asked is apt-get, which only simulates (-s), dnf, zypper or apk, which only look into what they
 * have fetched, twice a day and not while the machine is busy; since when each update is missing is remembered over restarts. Of Alpine each
 * update counts, because a stable release gets no others. The community has no rule for it.
 */
const State = z.record(z.string().max(200), z.number())
const maxNames = 500

export default defineHealth({
  name: 'updates-missing',
  platforms: ['linux'],
  every: hours(12),
  isExpensive: true,
  runbook:
    'Install the updates that the facts name (apt-get upgrade, dnf upgrade --security, zypper patch, apk upgrade), and see why they did not install themselves.',
  start: {} as Record<string, number>,
  remembers: State,
  read: async ({ vitals }): Promise<Missing | Unsupported> => askForMissing(vitals),
  decide(before, { security, listsAt }, { now, limits }) {
    const state = Object.fromEntries(security.slice(0, maxNames).map((name) => [name, before[name] ?? now]))
    const late = Object.entries(state)
      .filter(([, since]) => now - since >= days(limits.missingDays))
      .map(([name]) => name)
    const listsDays = listsAt === null ? 0 : Math.floor((now - listsAt) / days(1))
    const said = { kind: 'health.update.missing', severity: 'low' as const }
    const missing = {
      ...said,
      about: 'security updates',
      summary: `${late.length} security updates have been missing for ${limits.missingDays} days`,
      facts: { packages: late.slice(0, 100) },
    }
    const stale = {
      ...said,
      about: 'lists of updates',
      summary: `This machine has not asked for updates for ${listsDays} days`,
      facts: { listsDays },
    }
    return { state, findings: [...(late.length > 0 ? [missing] : []), ...(listsDays >= limits.listsDays ? [stale] : [])] }
  },
})
