import { z } from 'zod'
import { MaintenanceWindowList, type NewMaintenanceWindow, SuppressedList } from '#shared/api/maintenance.ts'
import { DisarmedDetectors, NoiseExceptionList, NoiseMeterAnswer } from '#shared/api/noise.ts'
import { StopList, type StopPress } from '#shared/api/rosters.ts'
import { SigmaRuleList } from '#shared/api/sigma-rules.ts'
import type { Call } from './call.ts'

const Ignored = z.unknown()

/** The routes for what keeps machines, people and isolation quiet. */
export function createQuiet(call: Call) {
  const read = <T>(path: string, answer: z.ZodType<T>, stop?: AbortSignal) => call(path, answer, stop ? { stop } : {})
  const at = (path: string, id: string) => `${path}/${encodeURIComponent(id)}`

  return {
    stops: (stop?: AbortSignal) => read('/containment/stops', StopList, stop),
    pressStop: (body: z.input<typeof StopPress>) => call('/containment/stop', Ignored, { method: 'POST', body }),

    windows: (stop?: AbortSignal) => read('/maintenance-windows', MaintenanceWindowList, stop),
    planWindow: (body: NewMaintenanceWindow) =>
      call('/maintenance-windows', Ignored, { method: 'POST', body, idempotencyKey: crypto.randomUUID() }),
    endWindow: (id: string) => call(`${at('/maintenance-windows', id)}/end`, Ignored, { method: 'POST' }),
    removeWindow: (id: string) => call(at('/maintenance-windows', id), Ignored, { method: 'DELETE' }),
    suppressed: (stop?: AbortSignal) => read('/suppressed-signals', SuppressedList, stop),

    exceptions: (stop?: AbortSignal) => read('/noise-exceptions', NoiseExceptionList, stop),
    endException: (id: string) => call(at('/noise-exceptions', id), Ignored, { method: 'DELETE' }),
    disarmed: (stop?: AbortSignal) => read('/disarmed-detectors', DisarmedDetectors, stop),
    arm: (id: string) => call(`${at('/disarmed-detectors', id)}/arm`, Ignored, { method: 'POST' }),
    sigmaRules: (stop?: AbortSignal) => read('/sigma-rules', SigmaRuleList, stop),
    meter: (from: number, to: number, stop?: AbortSignal) => read(`/noise-meter?from=${from}&to=${to}`, NoiseMeterAnswer, stop),
  }
}
