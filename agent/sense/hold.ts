import { Severity } from '#shared/domain/severity.ts'
import type { Finding } from '../signal/signal.ts'

/** Since when each trouble has been at least this severe, look after look. */
export type Held = Map<string, Map<Severity, number>>

/**
 * Lets through what has lasted. A finding counts with the worst severity it has had for all of `lastsMs`; what stands
 * already has proven itself and goes on counting.
 *
 * @param nowMs monotonic
 */
export function holdBack(
  held: Held,
  findings: Finding[],
  lastsMs: number,
  nowMs: number,
  standing: (finding: Finding) => Severity | undefined,
): Finding[] {
  const keys = new Set(findings.map(keyOf))
  for (const key of held.keys()) if (!keys.has(key)) held.delete(key)
  return findings.flatMap((finding) => {
    const since = held.get(keyOf(finding)) ?? new Map<Severity, number>()
    held.set(keyOf(finding), since)
    const severity = lasting(since, finding.severity, nowMs - lastsMs, nowMs, standing(finding))
    return severity === undefined ? [] : [{ ...finding, severity }]
  })
}

function lasting(
  since: Map<Severity, number>,
  found: Severity,
  longAgo: number,
  now: number,
  standing: Severity | undefined,
): Severity | undefined {
  const rank = (severity: Severity): number => Severity.options.indexOf(severity)
  for (const severity of Severity.options) {
    if (rank(severity) > rank(found)) since.delete(severity)
    else if (!since.has(severity)) since.set(severity, standing && rank(severity) <= rank(standing) ? longAgo : now)
  }
  return [...Severity.options].reverse().find((severity) => (since.get(severity) ?? Number.POSITIVE_INFINITY) <= longAgo)
}

const keyOf = (finding: Finding): string => finding.fingerprint ?? `${finding.kind}:${finding.about}`
