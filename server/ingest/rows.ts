import type { Insertable } from 'kysely'
import { v7 as orderedId } from 'uuid'
import { plainText } from '#shared/domain/plain-text.ts'
import type { Severity } from '#shared/domain/severity.ts'
import type { Evidence, Facts, Signal, SignalState, StandingSignal } from '#shared/domain/signal.ts'
import type { Database } from '../store/schema.ts'

export type SignalRow = Insertable<Database['signals']>

/** Who a record is from: what the certificate and the store say, never the frame. */
export interface From {
  endpointId: string
  organisationId: string
  siteId: string | null
  /** How far its clock was behind ours when it said hello; negative: ahead. */
  clockBehindMs: number
}

/** A trouble of the collector's own, about an endpoint or about itself. */
export interface OwnTrouble {
  organisationId: string
  endpointId: string | null
  kind: string
  severity: Severity
  fingerprint: string
  summary: string
  facts: Facts
  evidence?: Evidence[]
  /** `happened`, when absent. */
  state?: SignalState
}

/** What a source without an agent sends. */
export interface SourceSignal {
  kind: string
  severity: Severity
  state: SignalState
  fingerprint: string
  about: string
  summary: string
  facts: Facts
  /** Now, when absent. */
  sensedAt?: number | undefined
}

export function sentRow(from: From, signal: Signal, receivedAt: number): SignalRow {
  return signalRow(
    { ...signal, organisationId: from.organisationId, endpointId: from.endpointId, sourceId: null, origin: 'sent' },
    receivedAt,
    from.clockBehindMs,
  )
}

/** What the agent found true, or no longer true, when it said hello. */
export function standingRow(from: From, signal: StandingSignal, state: 'raised' | 'cleared', receivedAt: number): SignalRow {
  const own = state === 'raised' ? {} : { id: orderedId(), sensedAt: receivedAt, evidence: [] }
  const place = { organisationId: from.organisationId, endpointId: from.endpointId, sourceId: null }
  return signalRow({ ...signal, ...own, ...place, state, origin: 'standing' }, receivedAt, from.clockBehindMs)
}

export function ownRow(trouble: OwnTrouble, receivedAt: number): SignalRow {
  const own = { id: orderedId(), about: '', detector: 'collector', sensedAt: receivedAt }
  return signalRow({ evidence: [], state: 'happened', ...trouble, ...own, sourceId: null, origin: 'collector' }, receivedAt)
}

export function sourceRow(source: { id: string; organisationId: string }, signal: SourceSignal, receivedAt: number): SignalRow {
  const place = { organisationId: source.organisationId, endpointId: null, sourceId: source.id }
  const own = { id: orderedId(), evidence: [], detector: 'source', sensedAt: signal.sensedAt ?? receivedAt }
  return signalRow({ ...signal, ...place, ...own, origin: 'source' }, receivedAt)
}

interface Placed extends Signal {
  organisationId: string
  endpointId: string | null
  sourceId: string | null
  origin: NonNullable<SignalRow['origin']>
}

function signalRow(signal: Placed, receivedAt: number, clockBehindMs = 0): SignalRow {
  return {
    id: plainText(signal.id),
    organisation_id: signal.organisationId,
    endpoint_id: signal.endpointId,
    source_id: signal.sourceId,
    kind: signal.kind,
    severity: signal.severity,
    state: signal.state,
    fingerprint: plainText(signal.fingerprint),
    about: plainText(signal.about),
    summary: plainText(signal.summary),
    facts: JSON.stringify(signal.facts),
    evidence: JSON.stringify(signal.evidence),
    detector: plainText(signal.detector),
    sensed_at: signal.sensedAt,
    received_at: receivedAt,
    age_ms: ageOf(signal.sensedAt + clockBehindMs, receivedAt),
    origin: signal.origin,
  }
}

/** Two clocks can be anything; what comes of them is no less than 0 and a number that every database gives back. */
const ageOf = (sensedAt: number, receivedAt: number): number => Math.min(Math.max(0, receivedAt - sensedAt), Number.MAX_SAFE_INTEGER)
