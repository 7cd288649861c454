import { z } from 'zod'
import { days, minutes } from '#shared/domain/time.ts'
import type { Unsupported } from '../define-detector.ts'
import { defineHealth } from '../define-health.ts'

/*
 * health.memory.failing, from what the memory's own error correction counts (EDAC). High from the first error that could not be corrected,
 * until the next boot: what was read was not what had been written. Low above 24 corrected ones within a day; the community's rules ("Host EDAC
 * Uncorrectable Errors", the same; "Host EDAC Correctable Errors", info) say each single one, which a cosmic ray is; one an hour is a module that
 * wears out. Memory without correction counts nothing, and nothing is said of it.
 */
const kind = 'health.memory.failing'
const folder = '/sys/devices/system/edac/mc'
const maxControllers = 64
const Counted = z.array(z.object({ at: z.number(), counts: z.record(z.string().max(20), z.number()) })).max(200)

interface Errors {
  controller: string
  corrected: number
  uncorrected: number
}

export default defineHealth({
  name: 'memory-errors',
  platforms: ['linux'],
  every: minutes(10),
  runbook:
    'See which module it is (edac-util -v, or the board’s own log), make sure that the backup is good, and have the module replaced.',
  start: [],
  remembers: Counted,
  async read({ vitals }): Promise<Errors[] | Unsupported> {
    const controllers = (await vitals.names(folder)).filter((name) => /^mc\d+$/.test(name)).slice(0, maxControllers)
    if (controllers.length === 0) return { unsupported: 'this machine’s memory corrects no errors, or the kernel does not say' }
    const count = async (controller: string, name: string): Promise<number> =>
      Number((await vitals.kernel(`${folder}/${controller}/${name}`)) ?? 0) || 0
    const errorsOf = async (controller: string): Promise<Errors> => {
      const [corrected, uncorrected] = await Promise.all([count(controller, 'ce_count'), count(controller, 'ue_count')])
      return { controller, corrected, uncorrected }
    }
    return Promise.all(controllers.map(errorsOf))
  },
  decide(before, errors, { now, limits, standing }) {
    const counts = Object.fromEntries(errors.map(({ controller, corrected }) => [controller, corrected]))
    const state = [...before.filter(({ at }) => at > now - days(1)), { at: now, counts }].slice(-200)
    const findings = errors.flatMap(({ controller, corrected, uncorrected }) => {
      const ofDay = addedWithin(state.map((step) => step.counts[controller] ?? corrected))
      const facts = { controller, corrected, uncorrected, correctedOfDay: ofDay }
      const isLost = uncorrected > 0
      if (!isLost && ofDay <= limits.correctedPerDayCount / (standing(kind, controller) ? 2 : 1)) return []
      const severity = isLost ? ('high' as const) : ('low' as const)
      const what = isLost ? 'lost what was in it' : `needed ${ofDay} corrections within a day`
      return [{ kind, severity, about: controller, summary: `Memory of ${controller} ${what}`, facts }]
    })
    return { state, findings }
  },
})

/** A counter that begins again at a boot counts from there. */
const addedWithin = (counts: readonly number[]): number =>
  counts.slice(1).reduce((sum, count, index) => sum + (count >= (counts[index] ?? 0) ? count - (counts[index] ?? 0) : count), 0)
