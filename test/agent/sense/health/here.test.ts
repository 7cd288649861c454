import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import { limitsInForce } from '#shared/domain/health-limits.ts'
import { createProbe } from '../../../../agent/host/probe.ts'
import { isUnsupported, type SenseContext } from '../../../../agent/sense/define-detector.ts'
import { healthDetectors } from '../../../../agent/sense/health-detectors.ts'
import { systemTime } from '../../../../agent/system-time.ts'
import { MemoryFile } from '../bench-machine.ts'

const log = pino({ level: 'silent' })
const real = createProbe({ time: systemTime, log })
/** Without the programs, which take seconds on a busy machine. */
const ask = async () => ({ kind: 'unsupported' as const, reason: 'a test starts no programs' })
const probe = { ...real, vitals: { ...real.vitals, ask } }
const context: SenseContext = {
  ...{ time: systemTime, log, role: 'server', standing: () => undefined, stop: new AbortController().signal },
  ...{ healthSettings: () => ({}), isStrained: async () => false },
  settings: { canaryDirs: [], canaryFile: new MemoryFile(), services: [], authLogs: [] },
}
const here = healthDetectors.filter(({ platforms }) => platforms.includes(probe.platform))

describe('on the machine that runs this', () => {
  it.each(here.map((detector) => ({ name: detector.name, detector })))('$name reads and decides, or says why not', async ({ detector }) => {
    let state = detector.start
    for (let look = 0; look < 2; look += 1) {
      const reading = await detector.read(probe, context)
      if (typeof reading === 'object' && reading !== null && isUnsupported(reading)) {
        expect(reading.unsupported.length).toBeGreaterThan(5)
        return
      }
      const limits = limitsInForce(detector.name, {})
      if (!limits) return expect.unreachable()
      const around = { now: Date.now(), monotonic: look * detector.every, role: 'server' as const, limits, standing: () => undefined }
      state = detector.decide(state, reading, around).state
      if (detector.remembers) expect(detector.remembers.safeParse(JSON.parse(JSON.stringify(state))).success).toBe(true)
    }
  })
})
