import type { Generated } from 'kysely'
import type { Severity } from '#shared/domain/severity.ts'
import type { SignalState } from '#shared/domain/signal.ts'
import type { Lane } from '#shared/protocol/record.ts'

export interface CursorsTable {
  endpoint_id: string
  epoch: string
  lane: Lane
  seq: number
  /** Null: before it was written down. */
  moved_at: number | null
}
/** The work list of the pipeline: a signal is unhandled until the second commit marks it. */
export interface SignalsTable {
  id: string
  /** Rises with every signal taken in, so order within an endpoint holds whatever its clock does. Made by the database, never handed in. */
  arrival?: Generated<number>
  organisation_id: string
  /** null: from a source without an agent. */
  endpoint_id: string | null
  source_id: string | null
  kind: string
  severity: Severity
  state: SignalState
  fingerprint: string
  about: string
  summary: string
  /** JSON object. */
  facts: string
  /** JSON array. */
  evidence: string
  detector: string
  sensed_at: number
  received_at: number
  /** How old the news was when it arrived, by our own clock: the agent's is set right by what its hello said. */
  age_ms: number
  /** `sent` by the agent, `standing`: the difference found at hello, `collector`: made here (our own troubles). */
  origin: 'sent' | 'standing' | 'collector' | 'source'
  handled_at: number | null
  /** What the pipeline made of it. */
  outcome: 'ticket' | 'digest' | 'record' | null
  ticket_id: string | null
}
/** What is true now per endpoint, as far as ingest has heard. */
export interface ConditionsTable {
  endpoint_id: string
  fingerprint: string
  lane: Lane
  /** JSON of the raised signal. */
  signal: string
  raised_at: number
}
export interface RefusedRecordsTable {
  id: string
  endpoint_id: string
  epoch: string
  lane: Lane
  seq: number
  reason: string
  /** The record as it came, cut at 16 KiB. */
  raw: string
  received_at: number
}
export interface GapsTable {
  id: string
  endpoint_id: string
  epoch: string
  lane: Lane
  from_seq: number
  to_seq: number
  why: string
  noticed_at: number
}

export interface IngestTables {
  cursors: CursorsTable
  signals: SignalsTable
  conditions: ConditionsTable
  refused_records: RefusedRecordsTable
  gaps: GapsTable
}
