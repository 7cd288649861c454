import type { IsolationStatus } from '#shared/domain/endpoint.ts'
import { hours, minutes } from '#shared/domain/time.ts'
import type { ResultRecord } from '#shared/protocol/record.ts'
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

/** `security.isolation.drifted`: on an isolated machine, somebody with its highest rights touched what isolates it. */
export function isolationDrifted(firewall: string, rules: 'changed' | 'gone'): Happening {
  return {
    ...{ kind: 'security.isolation.drifted', severity: 'high', fingerprint: 'isolation.drifted', about: firewall, detector: 'isolate' },
    summary: `somebody touched the rules that isolate this machine (they were ${rules}); they are being put back`,
    facts: { technique: 'T1562.004', rules },
  }
}

/** `security.isolation.lease-ended`: nobody ended it, and its policy says that it ends by itself. */
export function leaseEnded(firewall: string, leaseMs: number): Happening {
  const leaseHours = Math.round((leaseMs / hours(1)) * 10) / 10
  return {
    ...{ kind: 'security.isolation.lease-ended', severity: 'high', fingerprint: 'isolation.lease-ended', about: firewall },
    summary: `this machine opened itself: its isolation was to last ${leaseHours} h, and nobody ended it`,
    ...{ facts: { leaseHours }, detector: 'isolate' },
  }
}

/** The state that came about by itself, as a later result of its command; undefined when no command is known. */
export function reportOf(status: IsolationStatus, now: number): ResultRecord | undefined {
  const { commandId = '', actual } = status
  if (commandId === '') return undefined
  const outcome = ['isolated', 'unproven', 'open', 'drifted'].includes(actual) ? 'succeeded' : 'failed'
  const detail = `the isolation changed by itself: ${actual}`
  return { v: 1, type: 'result', commandId, verb: 'isolate-host', outcome, startedAt: null, finishedAt: now, detail, isolation: status }
}

export const windowMs = minutes(10)
export const tooManyDrifts = 3

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
