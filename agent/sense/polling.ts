import type { Logger } from 'pino'
import { minutes, seconds } from '#shared/domain/time.ts'
import type { Probe } from '../host/probe.ts'
import type { Signals } from '../signal/signal.ts'
import { isUnsupported, type PollingDetector, type SenseContext } from './define-detector.ts'
import { type Held, holdBack } from './hold.ts'

/** A look that takes longer than this has met something that hangs. */
export const deadlineOf = (detector: PollingDetector): number => Math.min(detector.every, seconds(30))

/** One detector's look: what it finds, what of that has lasted, and that reported. */
export function createLook(
  detector: PollingDetector,
  probe: Probe,
  signals: Signals,
  log: Logger,
): (context: SenseContext) => Promise<void> {
  const held: Held = new Map()
  let hasSaidUnsupported = false
  return async (context) => {
    const found = await detector.sense(probe, context)
    if (isUnsupported(found)) {
      if (!hasSaidUnsupported) log.info({ detector: detector.name, reason: found.unsupported }, 'a detector has nothing to look at here')
      hasSaidUnsupported = true
      return
    }
    // A look that came after its time was up is stale.
    if (context.stop.aborted) return
    const standing = (finding: { kind: string; about: string }) => context.standing(finding.kind, finding.about)
    const lasting = holdBack(held, found, detector.lasts ?? minutes(0), context.time.monotonic(), standing)
    await signals.report(detector.name, lasting)
  }
}
