import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { writers } from '../../../server/store/schema.ts'

/*
 * Who ends each table (invariant 10): the file that takes its rows away, or why it does not grow with the years. A new
 * table has no place here until somebody has said so.
 */
const ends: Record<keyof typeof writers, `server/${string}.ts` | `stays: ${string}`> = {
  organisations: 'stays: customers',
  sites: 'stays: places of customers',
  people: 'stays: who signs in, and did; tickets and the audit name them',
  requesters: 'stays: one for each person who ever asked; tickets name them',
  sessions: 'server/people/sessions.ts',
  browser_keys: 'stays: one a person',
  api_tokens: 'stays: as many as admins make; the audit names them',
  sources: 'stays: as many as admins make; the audit names them',
  shifts: 'server/people/rosters.ts',
  rotations: 'server/people/rosters.ts',
  on_call_overrides: 'server/people/rosters.ts',
  absences: 'stays: a few a person and year, two instants each',
  endpoints: 'stays: each machine that ever was ours; its certificate must not come back',
  certificates: 'stays: one a machine and year; a revoked one is never forgotten',
  enrolment_tokens: 'stays: one a machine; a used one is never valid again',
  documents: 'stays: the newest of each kind',
  forgotten_endpoints: 'stays: machines that a restore forgot',
  restores: 'stays: one a restore',
  cursors: 'server/ingest/retention.ts',
  signals: 'server/ingest/old-signals.ts',
  conditions: 'server/ingest/retention.ts',
  refused_records: 'server/ingest/retention.ts',
  gaps: 'server/ingest/retention.ts',
  samples: 'server/measure/sweep.ts',
  rollups: 'server/measure/sweep.ts',
  rollups_due: 'stays: what is still to be rolled up',
  inventories: 'server/measure/sweep.ts',
  software: 'server/measure/sweep.ts',
  rule_lists: 'server/arm/keep.ts',
  rule_watches: 'server/arm/keep.ts',
  rule_days: 'server/arm/keep.ts',
  watched_rules: 'server/arm/keep.ts',
  policy_versions: 'server/policy/policy.ts',
  policies: 'stays: what is in force',
  presences: 'stays: one a machine',
  silences: 'server/presence/silences.ts',
  site_silences: 'server/presence/silences.ts',
  missing_lists: 'stays: one an organisation',
  tickets: 'server/ticket/retention.ts',
  timeline: 'server/ticket/retention.ts',
  digest_lines: 'server/notify/retention.ts',
  round_ups: 'stays: one an organisation and kind of list',
  timers: 'server/escalate/retention.ts',
  receivers: 'stays: ways to people who are there',
  outbox: 'server/notify/retention.ts',
  pagings: 'server/page/page.ts',
  found_lines: 'server/onboard/onboard.ts',
  mails: 'server/mailbox/mailbox.ts',
  commands: 'server/command/retention.ts',
  bulks: 'server/command/retention.ts',
  bulk_targets: 'server/command/retention.ts',
  command_results: 'server/command/retention.ts',
  isolations: 'stays: one a machine',
  release_consents: 'server/command/consent.ts',
  standing_orders: 'server/command/retention.ts',
  standing_commands: 'server/command/retention.ts',
  archives: 'server/archive/archive.ts',
  scripts: 'stays: what people wrote; signed orders name it by its hash',
  matrix_versions: 'stays: what people wrote; timelines name it by its number',
  idempotency_keys: 'server/http/kept-answers.ts',
  audit: 'stays: the chain, as hashes; what its lines tell ends',
  audit_payloads: 'server/audit/audit.ts',
  audit_heads: 'stays: one row',
  audit_due: 'server/audit/audit.ts',
  maintenance_windows: 'server/suppress/retention.ts',
  settlings: 'stays: one a machine',
  suppressed_signals: 'server/suppress/retention.ts',
  noise_exceptions: 'server/suppress/retention.ts',
  disarmed_detectors: 'server/suppress/retention.ts',
  detector_ages: 'stays: one a release and rule',
  meta: 'stays: a few rows',
}

it('each table has somebody who ends it, or a reason why it stays', () => {
  expect(Object.keys(ends).sort()).toEqual(Object.keys(writers).sort())
  const top = join(import.meta.dirname, '../../..')
  const ending = Object.entries(ends).filter(([, by]) => by.startsWith('server/'))
  for (const [table, by] of ending) expect(readFileSync(join(top, by), 'utf8'), by).toContain(`deleteFrom('${table}')`)
})
