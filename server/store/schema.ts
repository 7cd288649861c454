import type { Generated } from 'kysely'
import type { CommandStatus, Risk } from '#shared/domain/command.ts'
import type { ActualIsolation, DesiredIsolation, GoodbyeReason, Platform, Role } from '#shared/domain/endpoint.ts'
import type { Impact, Priority, Urgency } from '#shared/domain/priority.ts'
import type { Severity } from '#shared/domain/severity.ts'
import type { SignalState } from '#shared/domain/signal.ts'
import type { Containment, Resolution, TicketStatus, TimelineKind } from '#shared/domain/ticket.ts'
import type { Tier } from '#shared/domain/tier.ts'
import type { Lane } from '#shared/protocol/record.ts'

/*
 * Every table, and the one stage that writes it (test/architecture.test.ts holds the list against the code).
 * Instants are epoch milliseconds, ids are UUIDv7 text, JSON is text, booleans are 0 and 1: one schema, true on
 * SQLite and on PostgreSQL.
 */

export type Flag = 0 | 1

// ── people ───────────────────────────────────────────────────────────────────────────────────────────────────────────

export interface OrganisationsTable {
  id: string
  name: string
  /** `observe`: nothing isolates without a person. */
  mode: 'observe' | 'live'
  plan: string
  time_zone: string
  created_at: number
}
export interface SitesTable {
  id: string
  organisation_id: string
  name: string
  time_zone: string | null
  created_at: number
}
export interface PeopleTable {
  id: string
  name: string
  /** What they sign in with, lower case. */
  login: string
  password_hash: string
  /** JSON array of team names of the matrix; powers follow from them. */
  teams: string
  is_admin: Flag
  /** null: staff of the provider, sees every organisation. */
  organisation_id: string | null
  created_at: number
  disabled_at: number | null
}
export interface SessionsTable {
  /** SHA-256 of the cookie's secret. */
  id: string
  person_id: string
  created_at: number
  expires_at: number
}
export interface ApiTokensTable {
  id: string
  name: string
  /** SHA-256 of the secret. */
  hash: string
  /** Acts with this person's powers. */
  person_id: string
  created_at: number
  expires_at: number | null
  revoked_at: number | null
}
/** Where signals come from that no agent sends. */
export interface SourcesTable {
  id: string
  organisation_id: string
  name: string
  key_hash: string
  created_at: number
  revoked_at: number | null
}

// ── identity ─────────────────────────────────────────────────────────────────────────────────────────────────────────

export interface EndpointsTable {
  id: string
  organisation_id: string
  site_id: string | null
  hostname: string
  platform: Platform
  /** What a person said this machine is; null: take the role found by facts (inventories.role). */
  confirmed_role: Role | null
  enrolled_at: number
  removed_at: number | null
}
export interface CertificatesTable {
  /** Lower-case hex. */
  serial: string
  endpoint_id: string
  not_before: number
  not_after: number
  issued_at: number
  revoked_at: number | null
}
export interface EnrolmentTokensTable {
  id: string
  /** SHA-256 of the secret. */
  hash: string
  organisation_id: string
  site_id: string | null
  role: Role | null
  created_by: string
  created_at: number
  expires_at: number
  used_at: number | null
  used_by_endpoint_id: string | null
}

// ── ingest ───────────────────────────────────────────────────────────────────────────────────────────────────────────

export interface CursorsTable {
  endpoint_id: string
  epoch: string
  lane: Lane
  seq: number
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

// ── measure ──────────────────────────────────────────────────────────────────────────────────────────────────────────

export interface SamplesTable {
  endpoint_id: string
  at: number
  /** JSON of a Sample. */
  body: string
}
export interface InventoriesTable {
  endpoint_id: string
  at: number
  role: Role
  agent_version: string
  /** JSON of an Inventory. */
  body: string
}

// ── presence ─────────────────────────────────────────────────────────────────────────────────────────────────────────

export interface PresencesTable {
  endpoint_id: string
  is_connected: Flag
  changed_at: number
  last_heard_at: number
  goodbye: GoodbyeReason | null
  agent_version: string
}

// ── ticket ───────────────────────────────────────────────────────────────────────────────────────────────────────────

export interface TicketsTable {
  id: string
  /** What people say aloud. */
  number: number
  organisation_id: string
  site_id: string | null
  endpoint_id: string | null
  source_id: string | null
  fingerprint: string
  kind: string
  severity: Severity
  title: string
  status: TicketStatus
  resolution: Resolution | null
  impact: Impact
  urgency: Urgency
  priority: Priority
  tier: Tier
  team: string
  owner_id: string | null
  occurrences: number
  /** The condition is true now (raised and not cleared); 0 for what happened. */
  is_standing: Flag
  containment: Containment
  opened_at: number
  last_signal_at: number
  acknowledged_at: number | null
  /** Any act of a person; null means nobody touched it. */
  touched_at: number | null
  resolved_at: number | null
  /** When it came into its present tier. */
  in_tier_since: number
  respond_by: number | null
  resolve_by: number | null
  responded_at: number | null
  matrix_version: number
  /** Name of the route that decided. */
  rule: string
  /** JSON array of sentences: why this priority and tier. */
  reasons: string
  /** Rises with every change; a change carries the one it saw. */
  version: number
}
/** Appended to, never changed. */
export interface TimelineTable {
  id: string
  ticket_id: string
  at: number
  kind: TimelineKind
  /** `system`, `agent`, or a person's id. */
  actor: string
  /** JSON object. */
  body: string
}
export interface DigestLinesTable {
  id: string
  organisation_id: string
  endpoint_id: string | null
  team: string
  signal_id: string
  summary: string
  at: number
  sent_at: number | null
}

// ── escalate ─────────────────────────────────────────────────────────────────────────────────────────────────────────

export type TimerKind = 'time-box' | 'respond-due' | 'resolve-due' | 'quiet-clear' | 'ask-due' | 'review' | 'digest'
/** Fired exactly once: the row is marked in the transaction of its effect. */
export interface TimersTable {
  id: string
  /** null for timers of the collector itself (the daily digest). */
  ticket_id: string | null
  kind: TimerKind
  due_at: number
  /** JSON object. */
  payload: string
  created_at: number
  fired_at: number | null
  cancelled_at: number | null
}

// ── notify ───────────────────────────────────────────────────────────────────────────────────────────────────────────

export interface ReceiversTable {
  id: string
  name: string
  /** The notifier's file: webhook. */
  notifier: string
  /** JSON: url, secret. Never shown again. */
  settings: string
  /** null: hears of every organisation. */
  organisation_id: string | null
  created_at: number
  disabled_at: number | null
}
export interface OutboxTable {
  id: string
  receiver_id: string
  ticket_id: string | null
  organisation_id: string | null
  /** ticket.opened, ticket.escalated, … */
  event: string
  /** JSON object. */
  body: string
  created_at: number
  attempts: number
  next_attempt_at: number | null
  delivered_at: number | null
  failed_at: number | null
  last_error: string | null
}

// ── command ──────────────────────────────────────────────────────────────────────────────────────────────────────────

export interface CommandsTable {
  id: string
  organisation_id: string
  endpoint_id: string
  ticket_id: string | null
  verb: string
  /** JSON object. */
  args: string
  risk: Risk
  status: CommandStatus
  requested_by: string
  reason: string
  requested_at: number
  expires_at: number
  /** Compact JWS once signed. */
  jws: string | null
  sent_at: number | null
  delivered_at: number | null
  settled_at: number | null
  /** JSON of the ResultRecord. */
  result: string | null
}
/** Results as they came; unhandled until the pipeline settled them. */
export interface CommandResultsTable {
  id: string
  endpoint_id: string
  command_id: string
  /** JSON of the ResultRecord. */
  body: string
  received_at: number
  handled_at: number | null
}
export interface IsolationsTable {
  endpoint_id: string
  desired: DesiredIsolation
  desired_at: number
  desired_by: string
  actual: ActualIsolation
  actual_at: number
  is_ready: Flag
  /** Why it is not ready, or the last detail. */
  detail: string
  /** JSON: the proof of the last isolation. */
  proof: string | null
}

// ── route, http, audit ───────────────────────────────────────────────────────────────────────────────────────────────

export interface MatrixVersionsTable {
  version: number
  yaml: string
  sha256: string
  author: string
  created_at: number
}
export interface IdempotencyKeysTable {
  /** SHA-256 of caller, route and key. */
  id: string
  request_hash: string
  status: number
  body: string
  created_at: number
}
export interface AuditTable {
  id: string
  at: number
  actor: string
  action: string
  target: string
  organisation_id: string | null
  /** JSON object. */
  detail: string
}
/** Small facts of the collector itself, such as its installation id. */
export interface MetaTable {
  key: string
  value: string
}

export interface Database {
  organisations: OrganisationsTable
  sites: SitesTable
  people: PeopleTable
  sessions: SessionsTable
  api_tokens: ApiTokensTable
  sources: SourcesTable
  endpoints: EndpointsTable
  certificates: CertificatesTable
  enrolment_tokens: EnrolmentTokensTable
  cursors: CursorsTable
  signals: SignalsTable
  conditions: ConditionsTable
  refused_records: RefusedRecordsTable
  gaps: GapsTable
  samples: SamplesTable
  inventories: InventoriesTable
  presences: PresencesTable
  tickets: TicketsTable
  timeline: TimelineTable
  digest_lines: DigestLinesTable
  timers: TimersTable
  receivers: ReceiversTable
  outbox: OutboxTable
  commands: CommandsTable
  command_results: CommandResultsTable
  isolations: IsolationsTable
  matrix_versions: MatrixVersionsTable
  idempotency_keys: IdempotencyKeysTable
  audit: AuditTable
  meta: MetaTable
}

/** Which stage writes which table. */
export const writers = {
  organisations: 'people',
  sites: 'people',
  people: 'people',
  sessions: 'people',
  api_tokens: 'people',
  sources: 'people',
  endpoints: 'identity',
  certificates: 'identity',
  enrolment_tokens: 'identity',
  cursors: 'ingest',
  signals: 'ingest',
  conditions: 'ingest',
  refused_records: 'ingest',
  gaps: 'ingest',
  samples: 'measure',
  inventories: 'measure',
  presences: 'presence',
  tickets: 'ticket',
  timeline: 'ticket',
  digest_lines: 'notify',
  timers: 'escalate',
  receivers: 'notify',
  outbox: 'notify',
  commands: 'command',
  command_results: 'command',
  isolations: 'command',
  matrix_versions: 'route',
  idempotency_keys: 'http',
  audit: 'audit',
  meta: 'store',
} as const satisfies Record<keyof Database, string>
