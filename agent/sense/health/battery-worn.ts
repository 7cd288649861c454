import { hours } from '#shared/domain/time.ts'
import type { Unsupported } from '../define-detector.ts'
import { defineHealth } from '../define-health.ts'

/*
 * health.lifecycle.battery: a battery holds less than 60 % of what it was made for. Info, a line for whoever plans. Makers
 * exchange under 80 % within the warranty; at 60 % a day without a socket is over. The community has no rule for it.
 */
export interface Battery {
  name: string
  full: number
  design: number
  cycles: number
}

const folder = '/sys/class/power_supply'

export default defineHealth({
  name: 'battery-worn',
  platforms: ['linux'],
  every: hours(24),
  runbook: 'Plan a new battery, or the machine’s replacement if it is old as well.',
  start: null,
  async read({ vitals }): Promise<Battery[] | Unsupported> {
    const names = (await vitals.names(folder)).filter((name) => /^(BAT|CMB)/.test(name))
    const number = async (path: string): Promise<number> => Number((await vitals.kernel(path)) ?? 0)
    const batteries = names.map(async (name) => {
      const at = `${folder}/${name}`
      const of = async (what: string): Promise<number> => (await number(`${at}/energy_${what}`)) || (await number(`${at}/charge_${what}`))
      return { name, full: await of('full'), design: await of('full_design'), cycles: await number(`${at}/cycle_count`) }
    })
    return batteries.length === 0 ? { unsupported: 'no battery is here' } : Promise.all(batteries)
  },
  decide(state, batteries, { limits }) {
    const findings = batteries.flatMap(({ name, full, design, cycles }) => {
      const percent = design > 0 ? Math.round((full / design) * 100) : 100
      if (percent >= limits.leftPercent || full <= 0) return []
      const summary = `The battery ${name} holds ${percent} % of what it was made for`
      return [
        { kind: 'health.lifecycle.battery', severity: 'info' as const, about: name, summary, facts: { battery: name, percent, cycles } },
      ]
    })
    return { state, findings }
  },
})
