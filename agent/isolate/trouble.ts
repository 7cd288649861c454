import { minutes } from '#shared/domain/time.ts'
import type { Happening } from '../signal/signal.ts'

/** `security.isolation.failed`: refused, not proven, not repaired, or undone again and again. */
export function isolationFailed(firewall: string, summary: string, facts: Happening['facts'] = {}): Happening {
  return {
    kind: 'security.isolation.failed',
    severity: 'critical',
    fingerprint: 'isolation.failed',
    about: firewall,
    summary: summary.slice(0, 500),
    facts,
    detector: 'isolate',
  }
}

const windowMs = minutes(10)
const tooManyDrifts = 3

/** Counts how often somebody changed our rules; `note` says whether that is now too often to be a mishap. */
export function countDrifts(): { note(now: number): boolean } {
  let drifts: number[] = []
  return {
    note: (now) => {
      drifts = [...drifts.filter((at) => now - at < windowMs), now]
      return drifts.length === tooManyDrifts
    },
  }
}
