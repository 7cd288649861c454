import { z } from 'zod'
import { days, hours } from '#shared/domain/time.ts'
import type { Vitals } from '../../host/vitals.ts'
import type { Unsupported } from '../define-detector.ts'
import { defineHealth } from '../define-health.ts'

/*
 * health.update.missing: a security update has been there for 30 days and is not installed, or the lists that would say so
 * are older than that. Low, a line in the digest. Asked is apt-get, which only simulates (-s), or dnf, which only looks into what it has (-C),
 * twice a day and not while the machine is busy; since when each update is missing is remembered over restarts. The community has no
 * rule for it. Systems without either are not judged yet.
 */
const State = z.record(z.string().max(200), z.number())
const maxNames = 500

interface Reading {
  security: string[]
  listsAt: number | null
}

export default defineHealth({
  name: 'updates-missing',
  platforms: ['linux'],
  every: hours(12),
  isExpensive: true,
  runbook:
    'Install the updates that the facts name (apt-get upgrade, dnf upgrade --security), and see why they did not install themselves.',
  start: {} as Record<string, number>,
  remembers: State,
  async read({ vitals }): Promise<Reading | Unsupported> {
    const apt = await vitals.ask('apt-get', ['-s', '-q', '-o', 'Debug::NoLocking=true', 'dist-upgrade'])
    if (apt.kind === 'known') return read(vitals, securityUpdates(apt.value), '/var/lib/apt/periodic/update-success-stamp')
    const dnf = await vitals.ask('dnf', ['-C', '-q', 'updateinfo', 'list', '--security'])
    return dnf.kind === 'known' ? read(vitals, dnfUpdates(dnf.value), '/var/cache/dnf/last_makecache') : { unsupported: apt.reason }
  },
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

async function read(vitals: Vitals, security: string[], stampFile: string): Promise<Reading> {
  const stamp = await vitals.file(stampFile)
  return { security, listsAt: stamp ? Math.floor(stamp.changedAt) : null }
}

/** dnf 4: "RHSA-2024:1 Important/Sec. openssl-1:3.0.7-25.el9.x86_64"; dnf 5: "… security Important openssl-…  2024-…". Several advisories name one package. */
export const dnfUpdates = (listed: string): string[] => [
  ...new Set(
    [...listed.matchAll(/^\S+\s+(?:\S+\/Sec\.|security\s+\S+)\s+(\S+)-[^-\s]+-[^-\s]+(?:\s|$)/gm)].map(([, name = '']) =>
      name.slice(0, 200),
    ),
  ),
]

/** "Inst openssl [3.0.1] (3.0.2 Debian-Security:12/stable-security [amd64])": the package, where its source says security. */
const securityUpdates = (simulated: string): string[] =>
  [...simulated.matchAll(/^Inst (\S+) .*\(.*security.*\)/gim)].map(([, name = '']) => name.slice(0, 200))
