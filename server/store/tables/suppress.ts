import type { Generated } from 'kysely'
import type { Severity } from '#shared/domain/severity.ts'
import type { SignalState } from '#shared/domain/signal.ts'

/** What is going to be worked on, and when. */
export interface MaintenanceWindowsTable {
  id: string
  organisation_id: string
  name: string
  scope: 'endpoint' | 'tag' | 'site' | 'organisation'
  /** The endpoint's or site's id, the tag; the organisation's id. */
  scope_value: string
  /** JSON array: mon, tue, …; empty: once. */
  days: string
  /** "02:00"; empty: once. */
  at_time: string
  duration_ms: number
  /** In which it is planned and shown. */
  time_zone: string
  /** Of the occurrence that is under way, or comes next; of one that is over, the last. */
  opens_at: number
  closes_at: number
  created_by: string
  created_at: number
  /** By a person, or because it is over. */
  removed_at: number | null
}
/** An endpoint that is being updated or started. */
export interface SettlingsTable {
  endpoint_id: string
  why: 'reboot' | 'update'
  began_at: number
  /** When it was back, or done; null: not yet. */
  back_at: number | null
}
/** Signals that would have become something, and wait or were spared. */
export interface SuppressedSignalsTable {
  signal_id: string
  organisation_id: string
  endpoint_id: string | null
  /** Of which trouble, as correlate finds it. */
  trouble: string
  kind: string
  state: SignalState
  /** `loud`: it joined the one ticket of a loud machine, and has none of its own. */
  suppressed_by: 'window' | 'settling' | 'exception' | 'loud'
  /** Of the window or the exception; of the endpoint that settles; of the ticket that it joined. */
  by_id: string
  since: number
  /** When it is decided anew; null: when the window's machines have had their time to come back, or that ticket has ended. */
  until_at: number | null
  /** null: it waits. */
  ended_at: number | null
  /** `decided`: anew, because it was still true. `spared`: nobody wants to hear of it. `missing`: said of its machine in another way. */
  ended_as: 'decided' | 'cleared' | 'happened' | 'spared' | 'missing' | null
}
/** What somebody said is noise. It always ends. */
export interface NoiseExceptionsTable {
  id: string
  organisation_id: string
  scope: 'endpoint' | 'tag' | 'organisation'
  scope_value: string
  kind: string
  /** null: everything of this kind. */
  fingerprint: string | null
  /** What is worse is heard of all the same. */
  severity: Severity
  /** Of the program that a false alarm was about: the one exception that security has. */
  process_sha256: string | null
  ticket_id: string
  reason: string
  created_by: string
  created_at: number
  until_at: number
  ended_at: number | null
  ended_by: string | null
}
/** Detectors that cried wolf: they isolate nothing without a person until somebody arms them again. */
export interface DisarmedDetectorsTable {
  id: string
  detector: string
  kind: string
  /** Name of the route. */
  rule: string
  disarmed_at: number
  armed_at: number | null
  armed_by: string | null
}

/** Since when the fleet knows a release of agents (`release 1.2.3`), or a rule (its kind). */
export interface DetectorAgesTable {
  name: string
  first_seen_at: number
  /** Who brought it; '': no machine of ours. */
  endpoint_id: Generated<string>
}

export interface SuppressTables {
  detector_ages: DetectorAgesTable
  maintenance_windows: MaintenanceWindowsTable
  settlings: SettlingsTable
  suppressed_signals: SuppressedSignalsTable
  noise_exceptions: NoiseExceptionsTable
  disarmed_detectors: DisarmedDetectorsTable
}
