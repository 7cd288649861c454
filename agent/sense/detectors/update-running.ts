import { seconds } from '#shared/domain/time.ts'
import { defineDetector } from '../define-detector.ts'

/*
 * health.update.running. Packages are being changed: services stop and start, the processor is busy, units are new, and nobody
 * needs to hear of that until it is over (the matrix's `settling`). It is read from locks, so it costs nothing to look often; a
 * lock of a second isn't missed for long, because what waits for it looks further back than that.
 * Threat: whoever holds the lock to keep things quiet. What waits ends after two hours, and no attack waits for it.
 */
export default defineDetector({
  name: 'update-running',
  every: seconds(10),
  platforms: ['linux'],
  async sense(probe) {
    const manager = await probe.packageManager()
    if (manager.kind === 'unsupported') return { unsupported: manager.reason }
    if (manager.value === null) return []
    return [
      {
        kind: 'health.update.running',
        severity: 'info',
        about: 'packages',
        summary: `${manager.value} is changing what is installed`,
        facts: { manager: manager.value },
      },
    ]
  },
})
