import type { Logger } from 'pino'
import type { Finding, Signals } from '../signal/signal.ts'

/** Who watches the detectors: each that does not work is raised, and cleared when it works again, over restarts too. */
export interface Failures {
  failed(name: string, reason: string): void
  worked(name: string): void
}

/** The name under which sense itself speaks. */
const own = 'sense'

export function createFailures(signals: Pick<Signals, 'report' | 'standing'>, log: Logger): Failures {
  const failing = new Map(signals.standing(own).map((signal) => [signal.about, finding(signal.about, String(signal.facts.reason))]))
  const report = (): void => {
    signals
      .report(own, [...failing.values()])
      .catch((error: unknown) => log.error({ err: error }, 'a failing detector could not be reported'))
  }
  return {
    failed(name, reason) {
      if (failing.has(name)) return
      log.warn({ detector: name, reason }, 'a detector does not work')
      failing.set(name, finding(name, reason))
      report()
    },
    worked(name) {
      if (!failing.delete(name)) return
      log.info({ detector: name }, 'a detector works again')
      report()
    },
  }
}

function finding(name: string, reason: string): Finding {
  return {
    kind: 'system.detector.failed',
    severity: 'medium',
    about: name,
    summary: `The detector ${name} does not work on this endpoint: ${reason}`,
    facts: { detector: name, reason },
  }
}
