import type { ArchiveTables } from './tables/archive.ts'
import type { ArmTables } from './tables/arm.ts'
import type { AuditTables } from './tables/audit.ts'
import type { BackupTables } from './tables/backup.ts'
import type { CommandTables } from './tables/command.ts'
import type { EscalateTables } from './tables/escalate.ts'
import type { HttpTables } from './tables/http.ts'
import type { IdentityTables } from './tables/identity.ts'
import type { IngestTables } from './tables/ingest.ts'
import type { MailboxTables } from './tables/mailbox.ts'
import type { MeasureTables } from './tables/measure.ts'
import type { NotifyTables } from './tables/notify.ts'
import type { OnboardTables } from './tables/onboard.ts'
import type { PageTables } from './tables/page.ts'
import type { PeopleTables } from './tables/people.ts'
import type { PolicyTables } from './tables/policy.ts'
import type { PresenceTables } from './tables/presence.ts'
import type { RouteTables } from './tables/route.ts'
import type { ScriptTables } from './tables/script.ts'
import type { StoreTables } from './tables/store.ts'
import type { SuppressTables } from './tables/suppress.ts'
import type { TicketTables } from './tables/ticket.ts'

/*
 * Every table, in tables/ one file a stage, and the one stage that writes it (test/architecture.test.ts holds the list
 * against the code). Instants are epoch milliseconds, ids are UUIDv7 text, JSON is text, booleans are 0 and 1: one
 * schema, true on SQLite and on PostgreSQL.
 */

export type Database = ArchiveTables &
  ArmTables &
  AuditTables &
  BackupTables &
  CommandTables &
  EscalateTables &
  HttpTables &
  IdentityTables &
  IngestTables &
  MailboxTables &
  MeasureTables &
  NotifyTables &
  OnboardTables &
  PageTables &
  PeopleTables &
  PolicyTables &
  PresenceTables &
  RouteTables &
  ScriptTables &
  StoreTables &
  SuppressTables &
  TicketTables

/** Which stage writes which table. */
export const writers = {
  organisations: 'people',
  sites: 'people',
  people: 'people',
  requesters: 'people',
  sessions: 'people',
  browser_keys: 'people',
  api_tokens: 'people',
  sources: 'people',
  shifts: 'people',
  rotations: 'people',
  on_call_overrides: 'people',
  absences: 'people',
  endpoints: 'identity',
  certificates: 'identity',
  enrolment_tokens: 'identity',
  documents: 'identity',
  forgotten_endpoints: 'identity',
  restores: 'backup',
  cursors: 'ingest',
  signals: 'ingest',
  conditions: 'ingest',
  refused_records: 'ingest',
  gaps: 'ingest',
  samples: 'measure',
  rollups: 'measure',
  rollups_due: 'measure',
  inventories: 'measure',
  software: 'measure',
  rule_lists: 'arm',
  rule_watches: 'arm',
  rule_days: 'arm',
  watched_rules: 'arm',
  policy_versions: 'policy',
  policies: 'policy',
  presences: 'presence',
  silences: 'presence',
  site_silences: 'presence',
  missing_lists: 'presence',
  tickets: 'ticket',
  timeline: 'ticket',
  digest_lines: 'notify',
  round_ups: 'due',
  timers: 'escalate',
  receivers: 'notify',
  outbox: 'notify',
  pagings: 'page',
  found_lines: 'onboard',
  mails: 'mailbox',
  commands: 'command',
  bulks: 'command',
  bulk_targets: 'command',
  command_results: 'command',
  isolations: 'command',
  release_consents: 'command',
  standing_orders: 'command',
  standing_commands: 'command',
  archives: 'archive',
  scripts: 'script',
  matrix_versions: 'route',
  idempotency_keys: 'http',
  audit: 'audit',
  audit_payloads: 'audit',
  audit_heads: 'audit',
  audit_due: 'audit',
  maintenance_windows: 'suppress',
  settlings: 'suppress',
  suppressed_signals: 'suppress',
  noise_exceptions: 'suppress',
  disarmed_detectors: 'suppress',
  detector_ages: 'suppress',
  meta: 'store',
} as const satisfies Record<keyof Database, string>
