import { days, hours } from '#shared/domain/time.ts'
import { defineHealth } from '../define-health.ts'

/*
 * health.update.reboot-pending: updates wait for a reboot, which Debian's and Ubuntu's packages say by a file, for 7 days
 * on somebody's own machine and 14 on a server; and health.update.never-rebooted: up for more than a year, so that its
 * kernel misses a year of mending, whatever the file says. Low, a line in the digest. The community has no rule for either.
 */
const flag = '/run/reboot-required'

export default defineHealth({
  name: 'reboot-pending',
  platforms: ['linux'],
  every: hours(1),
  runbook: 'Agree on a time with whoever uses the machine, and reboot it; the packages that ask for it stand in the facts.',
  start: null,
  async read(probe): Promise<{ since: number | null; packages: string[]; uptimeSeconds: number }> {
    const [found, uptimeSeconds] = await Promise.all([probe.vitals.file(flag), probe.uptimeSeconds()])
    const named = await probe.vitals.file(`${flag}.pkgs`)
    const packages = [...new Set((named?.text ?? '').split('\n').filter((name) => name !== ''))].slice(0, 50)
    return { since: found ? Math.floor(found.changedAt) : null, packages, uptimeSeconds }
  },
  decide(state, { since, packages, uptimeSeconds }, { now, role, limits }) {
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
