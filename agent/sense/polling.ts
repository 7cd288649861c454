import type { Logger } from 'pino'
import { minutes, seconds } from '#shared/domain/time.ts'
import type { Probe } from '../host/probe.ts'
import type { Signals } from '../signal/signal.ts'
import { isUnsupported, type PollingDetector, type SenseContext, type Unsupported } from './define-detector.ts'
import type { HealthDetector } from './define-health.ts'
import { type Held, holdBack } from './hold.ts'
import { createHealthLook, type HealthMemory } from './look.ts'

/** A look that takes longer than this has met something that hangs. */
export const deadlineOf = (detector: Pick<PollingDetector, 'every'>): number => Math.min(detector.every, seconds(30))

/** One detector's look, of either kind; what it can't look at here is logged once. */
export function createLook(
  detector: PollingDetector | HealthDetector,
  { probe, signals, log, memory }: { probe: Probe; signals: Signals; log: Logger; memory?: HealthMemory | undefined },
): (context: SenseContext) => Promise<void> {
  const look = 'decide' in detector ? createHealthLook(detector, { probe, signals, memory }) : createPlainLook(detector, probe, signals)
  let hasSaidUnsupported = false
  return async (context) => {
    const lacking = await look(context)
    if (!lacking || hasSaidUnsupported) return
    hasSaidUnsupported = true
    log.info({ detector: detector.name, reason: lacking.unsupported }, 'a detector has nothing to look at here')
  }
}

/** What it finds, what of that has lasted, and that reported. */
function createPlainLook(
  detector: PollingDetector,
  probe: Probe,
  signals: Signals,
): (context: SenseContext) => Promise<Unsupported | undefined> {
  const held: Held = new Map()
  return async (context) => {
    const found = await detector.sense(probe, context)
    if (isUnsupported(found)) return found
    // A look that came after its time was up is stale.
    if (context.stop.aborted) return undefined
    const standing = (finding: { kind: string; about: string }) => context.standing(finding.kind, finding.about)
    const lasting = holdBack(held, found, detector.lasts ?? minutes(0), context.time.monotonic(), standing)
    await signals.report(detector.name, lasting)
    return undefined
  }
}
