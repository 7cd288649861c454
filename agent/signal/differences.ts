import { compareSeverity } from '#shared/domain/severity.ts'
import type { Signal, StandingSignal } from '#shared/domain/signal.ts'
import { type Finding, fingerprintOf, makeSignal, signalId } from './make-signal.ts'

/** Standing signals travel together in one record, which has a largest size; no detector may fill it alone. */
export const maxStandingPerDetector = 50

/** What one detector found, against what stands from it: what has to be said now (pure but for the ids). */
export function differences(detector: string, standing: StandingSignal[], findings: Finding[], now: number): Signal[] {
  const found = new Map(worstFirst(findings).map((finding) => [fingerprintOf(finding), finding]))
  const known = new Map(standing.map((signal) => [signal.fingerprint, signal]))
  const raised = [...found]
    .filter(([fingerprint, finding]) => known.get(fingerprint)?.severity !== finding.severity)
    .map(([, finding]) => makeSignal(finding, { id: signalId(now), detector, state: 'raised', sensedAt: now }))
  const cleared = standing.filter((signal) => !found.has(signal.fingerprint)).map((signal) => clear(signal, now))
  return [...raised, ...cleared]
}

function clear(signal: StandingSignal, now: number): Signal {
  const summary = `No longer: ${signal.summary}`.slice(0, 500).toWellFormed()
  return { ...signal, id: signalId(now), state: 'cleared', sensedAt: now, summary, evidence: [] }
}

/** Ties are broken by name, so that the same findings in another order change nothing. */
function worstFirst(findings: Finding[]): Finding[] {
  const sorted = [...findings].sort((a, b) => compareSeverity(b.severity, a.severity) || (fingerprintOf(a) < fingerprintOf(b) ? -1 : 1))
  return sorted.slice(0, maxStandingPerDetector)
}
