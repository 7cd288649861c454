import { createHash, randomBytes } from 'node:crypto'
import { v7 } from 'uuid'
import type { Severity } from '#shared/domain/severity.ts'
import type { Evidence, Facts, Signal, SignalState } from '#shared/domain/signal.ts'
import { maxRecordBytes } from '#shared/protocol/limits.ts'
import { runbookFor } from './runbooks.ts'

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

/** UTF-16 units of one text, and of all of them together: what a person reads, and what fits a frame with the rest of it. */
const maxTextLength = 16_384
const maxEvidenceLength = 32_768
/** What `Signal.evidence` takes. */
const maxPieces = 20
/** A record that is larger could never be sent; the rest of it needs a little too. */
const maxSignalBytes = maxRecordBytes - 4_096

export function fingerprintOf(finding: Finding): string {
  const full = finding.fingerprint ?? `${finding.kind}:${finding.about}`
  return full.length <= 300 ? full : `${full.slice(0, 230)}#${sha256(full).toString('hex').slice(0, 32)}`
}

export function makeSignal(finding: Finding, said: { id: string; detector: string; state: SignalState; sensedAt: number }): Signal {
  const bare = withFittingFacts({
    ...said,
    kind: finding.kind,
    severity: finding.severity,
    fingerprint: fingerprintOf(finding),
    about: cut(finding.about, 1_024),
    summary: cut(finding.summary, 500),
    facts: withRunbook(finding.kind, cutFacts(finding.facts ?? {})),
    evidence: [],
  })
  return withFittingEvidence(bare, finding.evidence ?? [])
}

/** A UUIDv7 of `now`, or always the same one for the same occurrence. */
export function signalId(now: number, occurrence?: Occurrence): string {
  const random = occurrence === undefined ? randomBytes(16) : sha256(occurrence.name).subarray(0, 16)
  return v7({ msecs: Math.max(0, Math.floor(occurrence?.at ?? now)), random })
}

/** At most `length` UTF-16 units, and never half a character. */
const cut = (text: string, length: number): string => text.slice(0, length).toWellFormed()

/** One fact is kept free for the runbook. */
const maxFacts = 99

function cutFacts(facts: Facts): Facts {
  const entries = Object.entries(facts).slice(0, maxFacts)
  return Object.fromEntries(
    entries.map(([name, value]) => {
      if (typeof value === 'string') return [name, cut(value, 4_096)]
      return [name, Array.isArray(value) ? value.slice(0, 100).map((each) => cut(each, 1_024)) : value]
    }),
  )
}

function withRunbook(kind: string, facts: Facts): Facts {
  const runbook = runbookFor(kind)
  return runbook === undefined ? facts : { ...facts, runbook }
}

/** Half of a record at most, so that there is always room for evidence. */
function withFittingFacts(signal: Signal): Signal {
  return sizeOf(signal) <= maxSignalBytes / 2 ? signal : { ...signal, facts: withRunbook(signal.kind, { factsLeftOut: true }) }
}

/** Text that JSON writes long (control characters take six bytes each) is shortened until the record fits. */
function withFittingEvidence(signal: Signal, evidence: Evidence[]): Signal {
  for (let length = maxEvidenceLength; length > 0; length = Math.floor(length / 2)) {
    const whole = { ...signal, evidence: shortenAll(evidence, length) }
    if (sizeOf(whole) <= maxSignalBytes) return whole
  }
  return signal
}

function shortenAll(evidence: Evidence[], length: number): Evidence[] {
  let left = length
  return noMoreThanFit(evidence).map(({ name, text }) => {
    const room = Math.min(maxTextLength, left)
    left -= Math.min(text.length, room)
    return { name: cut(name, 200), text: shorten(text, room) }
  })
}

/** The last piece says how many didn't fit beside it. */
function noMoreThanFit(evidence: Evidence[]): Evidence[] {
  if (evidence.length <= maxPieces) return evidence
  const kept = evidence.slice(0, maxPieces - 1)
  const names = evidence.slice(kept.length).map(({ name }) => name)
  return [...kept, { name: `${names.length} more pieces were left out`, text: names.join('\n') }]
}

/** Longer than any "… cut, N bytes left out". */
const noteLength = 50

/** What is left out is said where it is missing. */
function shorten(text: string, length: number): string {
  if (text.length <= length) return text.toWellFormed()
  const kept = cut(text, Math.max(0, length - noteLength))
  return `${kept}… cut, ${Buffer.byteLength(text.slice(kept.length))} bytes left out`
}

const sizeOf = (signal: Signal): number => Buffer.byteLength(JSON.stringify(signal))

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest()
