import { minutes } from '#shared/domain/time.ts'
import type { UnitReading } from '../../host/probe.ts'
import type { Unsupported } from '../define-detector.ts'
import { defineHealth } from '../define-health.ts'

/*
 * health.service.down. A unit that failed, or one that the policy lists and that is not active, still so after three
 * minutes: the community's rules ("Host systemd service crashed", "Systemd unit failed") fire at once and so on every
 * restart that systemd itself repairs. On Windows also a service that is to start by itself and is stopped, unless a trigger starts it. Failed is failed, without a threshold to argue over. On somebody's own machine
 * only listed units count, and less: there units fail that nobody misses.
 */
export default defineHealth({
  name: 'service-down',
  platforms: ['linux', 'macos', 'windows'],
  every: minutes(1),
  runbook: 'Read why it ended (journalctl -u UNIT -n 50; on Windows the System log), mend that, and start it again.',
  start: null,
  async read(probe, { settings }): Promise<UnitReading[] | Unsupported> {
    const units = await probe.unitsDown(settings.services)
    return units.kind === 'unsupported' ? { unsupported: units.reason } : units.value
  },
  decide(state, units, { role }) {
    const isPersonal = role === 'workstation'
    const counted = units.filter((unit) => unit.isListed || !isPersonal)
    const findings = counted.map((unit) => ({
      kind: 'health.service.down',
      severity: isPersonal ? ('medium' as const) : ('high' as const),
      about: unit.name,
      summary: sentence(unit),
      facts: { unit: unit.name, state: unit.state, detail: unit.detail, isListed: unit.isListed },
    }))
    return { state, findings }
  },
})

const sentence = (unit: UnitReading): string =>
  unit.state === 'failed' ? `${unit.name} has failed (${unit.detail})` : `${unit.name} should run and is ${unit.state}`
