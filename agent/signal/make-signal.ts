import { createHash, randomBytes } from 'node:crypto'
import { v7 } from 'uuid'
import type { Severity } from '#shared/domain/severity.ts'
import type { Evidence, Facts, Signal, SignalState } from '#shared/domain/signal.ts'
import { maxRecordBytes } from '#shared/protocol/limits.ts'

/** Something that a detector found to be true, or that happened. Texts may come from an attacker: they are cut here, and never acted on. */
export interface Finding {
  kind: string
  severity: Severity
  /** What it is about: a mount, a unit, a path, a source address. */
  about: string
  /** One sentence for people. */
  summary: string
  facts?: Facts
  evidence?: Evidence[]
  /** `kind:about` when absent. The same trouble twice must have the same one. */
  fingerprint?: string
}

/** A finding that happened at one instant and never clears. */
export interface Happening extends Finding {
  detector: string
  /** Names this one occurrence: said again after a crash, it gets the same id, and the collector counts it once. */
  occurrence?: Occurrence
  /** Agent's clock, epoch ms; now when absent. */
  sensedAt?: number
}

export interface Occurrence {
  name: string
  /** When it happened, epoch ms; must not depend on when it was noticed. */
  at: number
}

/** Evidence beyond this is cut: the record must fit a frame with all the rest of it. */
const maxEvidenceLength = 32_768

export function fingerprintOf(finding: Finding): string {
  const full = finding.fingerprint ?? `${finding.kind}:${finding.about}`
  return full.length <= 300 ? full : `${full.slice(0, 230)}#${sha256(full).toString('hex').slice(0, 32)}`
}

export function makeSignal(finding: Finding, said: { id: string; detector: string; state: SignalState; sensedAt: number }): Signal {
  return fitted({
    ...said,
    kind: finding.kind,
    severity: finding.severity,
    fingerprint: fingerprintOf(finding),
    about: cut(finding.about, 1_024),
    summary: cut(finding.summary, 500),
    facts: cutFacts(finding.facts ?? {}),
    evidence: cutEvidence(finding.evidence ?? []),
  })
}

/** A UUIDv7 of `now`, or always the same one for the same occurrence. */
export function signalId(now: number, occurrence?: Occurrence): string {
  const random = occurrence === undefined ? randomBytes(16) : sha256(occurrence.name).subarray(0, 16)
  return v7({ msecs: Math.max(0, Math.floor(occurrence?.at ?? now)), random })
}

/** At most `length` UTF-16 units, and never half a character. */
const cut = (text: string, length: number): string => text.slice(0, length).toWellFormed()

function cutFacts(facts: Facts): Facts {
  const entries = Object.entries(facts).slice(0, 100)
  return Object.fromEntries(
    entries.map(([name, value]) => {
      if (typeof value === 'string') return [name, cut(value, 4_096)]
      return [name, Array.isArray(value) ? value.slice(0, 100).map((each) => cut(each, 1_024)) : value]
    }),
  )
}

function cutEvidence(evidence: Evidence[]): Evidence[] {
  let left = maxEvidenceLength
  return evidence.slice(0, 20).map(({ name, text }) => {
    const kept = cut(text, Math.min(16_384, left))
    left -= kept.length
    return { name: cut(name, 200), text: kept }
  })
}

/** A record that is too large could never be sent and would stop its lane; a signal without its evidence is still the signal. */
function fitted(signal: Signal): Signal {
  const tooLarge = maxRecordBytes - 4_096
  if (Buffer.byteLength(JSON.stringify(signal)) <= tooLarge) return signal
  const bare = { ...signal, evidence: [] }
  return Buffer.byteLength(JSON.stringify(bare)) <= tooLarge ? bare : { ...bare, facts: { factsLeftOut: true } }
}

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest()
