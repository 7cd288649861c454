import { minutes } from '#shared/domain/time.ts'
import type { Unsupported } from '../define-detector.ts'
import { defineHealth } from '../define-health.ts'

/*
 * health.hardware.hot: a sensor is within three degrees of what its maker calls critical, for ten minutes. The community's
 * rule compares with `max` ("physical component too hot"), where many boards put the temperature at which the fan begins
 * to work harder. Medium: at critical the machine turns itself off. A sensor without a limit, or with an absurd one, is
 * not judged, because what is hot for a disk is cool for a graphics card.
 */
export interface Sensor {
  name: string
  degrees: number
  criticalDegrees: number
}

const kind = 'health.hardware.hot'
const folder = '/sys/class/hwmon'

export default defineHealth({
  name: 'cpu-hot',
  platforms: ['linux'],
  every: minutes(1),
  runbook: 'See that the fans turn and the room is cool; if the machine can wait, turn it off before it does so itself.',
  start: null,
  async read({ vitals }): Promise<Sensor[] | Unsupported> {
    const chips = await vitals.names(folder)
    const sensors = chips.map(async (chip) => {
      const name = ((await vitals.kernel(`${folder}/${chip}/name`)) ?? chip).trim()
      const inputs = (await vitals.names(`${folder}/${chip}`)).filter((file) => /^temp\d+_input$/.test(file))
      return Promise.all(inputs.map((input) => sensorOf(vitals.kernel, name, `${folder}/${chip}/${input}`)))
    })
    const found = (await Promise.all(sensors)).flat().filter((sensor) => sensor !== undefined)
    return found.length === 0 ? { unsupported: 'no sensor here says what is too hot for it' } : found
  },
  decide(state, sensors, { limits, standing }) {
    const findings = sensors.flatMap(({ name, degrees, criticalDegrees }) => {
      const leeway = limits.belowLimitDegrees + (standing(kind, name) ? 5 : 0)
      if (degrees < criticalDegrees - leeway) return []
      const summary = `${name} is at ${Math.round(degrees)} °C; ${Math.round(criticalDegrees)} °C are critical`
      return [{ kind, severity: 'medium' as const, about: name, summary, facts: { sensor: name, degrees, criticalDegrees } }]
    })
    return { state, findings }
  },
})

async function sensorOf(kernel: (path: string) => Promise<string | undefined>, chip: string, input: string): Promise<Sensor | undefined> {
  const [degrees, critical] = await Promise.all([kernel(input), kernel(input.replace(/input$/, 'crit'))])
  const criticalDegrees = Number(critical ?? Number.NaN) / 1_000
  if (degrees === undefined || !(criticalDegrees > 40 && criticalDegrees < 150)) return undefined
  return { name: `${chip} ${input.split('/').at(-1)?.replace('_input', '')}`, degrees: Number(degrees) / 1_000, criticalDegrees }
}
