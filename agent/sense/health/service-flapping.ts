import { hours, minutes } from '#shared/domain/time.ts'
import type { Unsupported } from '../define-detector.ts'
import { defineHealth } from '../define-health.ts'

/*
 * health.service.flapping: systemd started a unit again more than five times within an hour. The community asks for the
 * same number ("Systemd service crash looping") and, in another rule, for more than two in 5 min, which is one bad
 * deployment. A unit that is started again by itself is never down for the three minutes of service-down, so nobody would
 * hear of it. On Windows by the service manager's own 7031 and 7034. Medium on servers; on somebody's own machine it is recorded.
 */
const kind = 'health.service.flapping'

interface Restarts {
  at: number
  counts: Record<string, number>
}

export default defineHealth({
  name: 'service-flapping',
  platforms: ['linux', 'windows'],
  every: minutes(10),
  isExpensive: true,
  runbook:
    'Read what it says before it ends (journalctl -u UNIT -n 100; on Windows the System and Application logs), and stop it until that is mended.',
  start: [] as Restarts[],
  async read({ vitals }, { settings }): Promise<Record<string, number> | Unsupported> {
    if (settings.windowsEvents) return settings.windowsEvents.unexpectedEnds()
    if ((await vitals.names('/run/systemd/system')).length === 0 && (await vitals.names('/run/systemd/units')).length === 0)
      return { unsupported: 'systemd does not run on this machine' }
    const shown = await vitals.ask('systemctl', ['show', '--type=service', '--property=Id,NRestarts', '--no-pager', '*'])
    return shown.kind === 'unsupported' ? { unsupported: shown.reason } : restartsIn(shown.value)
  },
  decide(before, counts, { monotonic, role, limits, standing }) {
    const state = [...before.filter(({ at }) => at > monotonic - hours(1.1)), { at: monotonic, counts }]
    const [oldest] = state
    const findings = Object.entries(counts).flatMap(([unit, count]) => {
      const times = count - (oldest?.counts[unit] ?? 0)
      if (times <= limits.restartsPerHourCount / (standing(kind, unit) ? 2 : 1)) return []
      const severity = role === 'workstation' ? ('info' as const) : ('medium' as const)
      const summary = `${unit} was started again ${times} times within an hour`
      return [{ kind, severity, about: unit, summary, facts: { unit, times } }]
    })
    return { state, findings: before.length === 0 ? undefined : findings }
  },
})

/** Blocks of "Id=…" and "NRestarts=…"; only those that were ever started again are kept. */
function restartsIn(shown: string): Record<string, number> {
  const blocks = shown
    .split(/\n\n+/)
    .map((block) => [/^Id=(.+)$/m.exec(block)?.[1], Number(/^NRestarts=(\d+)$/m.exec(block)?.[1] ?? 0)] as const)
  return Object.fromEntries(blocks.flatMap(([unit, count]) => (unit !== undefined && count > 0 ? [[unit, count]] : [])).slice(0, 1_000))
}
