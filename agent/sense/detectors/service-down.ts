import { minutes } from '#shared/domain/time.ts'
import type { UnitReading } from '../../host/probe.ts'
import { defineDetector } from '../define-detector.ts'

/*
 * health.service.down. A unit that failed, or one that the policy lists and that is not active, still so after three
 * minutes: the community's rules ("Host systemd service crashed", "Systemd unit failed") fire at once and so on every
 * restart that systemd itself repairs. Failed is failed, without a threshold to argue over. On somebody's own machine
 * only listed units count, and less: there units fail that nobody misses.
 */
export default defineDetector({
  name: 'service-down',
  every: minutes(1),
  lasts: minutes(3),
  platforms: ['linux', 'macos', 'windows'],
  async sense(probe, { settings, role }) {
    const units = await probe.unitsDown(settings.services)
    if (units.kind === 'unsupported') return { unsupported: units.reason }
    const isPersonal = role === 'workstation'
    return units.value
      .filter((unit) => unit.isListed || !isPersonal)
      .map((unit) => ({
        kind: 'health.service.down',
        severity: isPersonal ? ('medium' as const) : ('high' as const),
        about: unit.name,
        summary: sentence(unit),
        facts: { unit: unit.name, state: unit.state, detail: unit.detail, isListed: unit.isListed },
      }))
  },
})

const sentence = (unit: UnitReading): string =>
  unit.state === 'failed' ? `${unit.name} has failed (${unit.detail})` : `${unit.name} should run and is ${unit.state}`
