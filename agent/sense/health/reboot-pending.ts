import { z } from 'zod'
import { days, hours } from '#shared/domain/time.ts'
import type { Vitals } from '../../host/vitals.ts'
import { defineHealth } from '../define-health.ts'

/*
 * health.update.reboot-pending: updates wait for a reboot, which Debian's and Ubuntu's packages say by a file and Windows by its registry (counted from when that was first seen), or a newer kernel of
 * the same flavour lies there than the one that runs, for 7 days on somebody's own machine and 14 on a server; and health.update.never-rebooted: up for more than a year, so that its
 * kernel misses a year of mending, whatever the file says. Low, a line in the digest. The community has no rule for either.
 */
const flag = '/run/reboot-required'

/** Where the system says that a reboot is pending, and not since when. */
const FirstSeen = z.object({ since: z.number().optional() })

interface Reading {
  isPending?: boolean
  since: number | null
  packages: string[]
  uptimeSeconds: number
}

export default defineHealth({
  name: 'reboot-pending',
  platforms: ['linux', 'windows'],
  every: hours(1),
  runbook: 'Agree on a time with whoever uses the machine, and reboot it; the packages that ask for it stand in the facts.',
  start: {} as z.infer<typeof FirstSeen>,
  remembers: FirstSeen,
  async read(probe): Promise<Reading> {
    if (probe.windows)
      return { isPending: await probe.windows.isRebootPending(), since: null, packages: [], uptimeSeconds: await probe.uptimeSeconds() }
    const [found, uptimeSeconds] = await Promise.all([probe.vitals.file(flag), probe.uptimeSeconds()])
    const named = await probe.vitals.file(`${flag}.pkgs`)
    const packages = [...new Set((named?.text ?? '').split('\n').filter((name) => name !== ''))].slice(0, 50)
    const kernel = found ? undefined : await newerKernel(probe.vitals)
    if (kernel) return { since: kernel.since, packages: [`kernel ${kernel.release}`.slice(0, 200)], uptimeSeconds }
    return { since: found ? Math.floor(found.changedAt) : null, packages, uptimeSeconds }
  },
  decide(before, { isPending = false, since: dated, packages, uptimeSeconds }, { now, role, limits }) {
    const state = isPending ? { since: before.since ?? now } : {}
    const since = dated ?? state.since ?? null
    const wantedDays = role === 'workstation' ? limits.workstationDays : limits.serverDays
    const pendingDays = since === null ? 0 : Math.floor((now - since) / days(1))
    const upDays = Math.floor(uptimeSeconds / 86_400)
    const low = 'low' as const
    const pending = {
      ...{ kind: 'health.update.reboot-pending', severity: low, about: 'reboot', facts: { pendingDays, packages } },
      summary: `Updates have waited for a reboot for ${pendingDays} days`,
    }
    const never = {
      ...{ kind: 'health.update.never-rebooted', severity: low, about: 'reboot', facts: { upDays } },
      summary: `This machine has been up for ${upDays} days without a reboot`,
    }
    return { state, findings: [...(pendingDays >= wantedDays ? [pending] : []), ...(upDays > limits.uptimeDays ? [never] : [])] }
  },
})

/** In a container the kernel is somebody else's, and its modules are not there. */
export async function newerKernel(
  vitals: Pick<Vitals, 'kernel' | 'names' | 'newestBelow'>,
): Promise<{ release: string; since: number } | undefined> {
  const running = (await vitals.kernel('/proc/sys/kernel/osrelease'))?.trim()
  const there = running === undefined ? [] : await vitals.names('/lib/modules')
  if (running === undefined || !there.includes(running)) return undefined
  const newer = there.filter((release) => flavourOf(release) === flavourOf(running) && compareReleases(release, running) > 0)
  const release = newer.toSorted(compareReleases).at(-1)
  const since = release === undefined ? undefined : await vitals.newestBelow(`/lib/modules/${release}`)
  return release === undefined || since === undefined ? undefined : { release, since }
}

/** What is left without the numbers: "amd" of 6.1.0-28-amd64, "rtamd" of 6.1.0-28-rt-amd64. */
const flavourOf = (release: string): string => release.replace(/[\d._-]+/g, '')

/** By the numbers in front: between 503.el9 and 503.11.1.el9, distributions agree and versions of packages do not. */
function compareReleases(a: string, b: string): number {
  const [ours, theirs] = [a, b].map((release) =>
    (/^[\d._-]+/.exec(release)?.[0] ?? '')
      .split(/[._-]+/)
      .filter(Boolean)
      .map(Number),
  )
  for (const [index, number] of (ours ?? []).entries()) {
    const so = number - (theirs?.[index] ?? -1)
    if (so !== 0) return so
  }
  return (ours?.length ?? 0) - (theirs?.length ?? 0)
}
