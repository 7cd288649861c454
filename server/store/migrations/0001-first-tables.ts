import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import type { Capabilities } from '../capabilities.ts'

/** `bigint` is an integer on SQLite too. Partial indexes hold what is still to do, so they stay small. */
export function firstTables(ddl: Capabilities['ddl']): Migration {
  return {
    up: async (db) => {
      for (const statement of statements(ddl)) await sql.raw(statement).execute(db)
    },
  }
}

function statements({ countedKey, keyOrdered }: Capabilities['ddl']): string[] {
  return [...people, ...identity, ...ingest(countedKey, keyOrdered), ...measure(keyOrdered), ...desk, ...outside, ...commands]
}

const people = [
  `create table organisations (
    id text primary key, name text not null, mode text not null, plan text not null, time_zone text not null, created_at bigint not null)`,
  `create table sites (
    id text primary key, organisation_id text not null references organisations (id), name text not null, time_zone text,
    created_at bigint not null)`,
  'create index sites_of_organisation on sites (organisation_id)',
  `create table people (
    id text primary key, name text not null, login text not null unique, password_hash text not null, teams text not null,
    is_admin integer not null, organisation_id text, created_at bigint not null, disabled_at bigint)`,
  'create table sessions (id text primary key, person_id text not null, created_at bigint not null, expires_at bigint not null)',
  'create index sessions_of_person on sessions (person_id)',
  `create table api_tokens (
    id text primary key, name text not null, hash text not null unique, person_id text not null, created_at bigint not null,
    expires_at bigint, revoked_at bigint)`,
  `create table sources (
    id text primary key, organisation_id text not null, name text not null, key_hash text not null unique, created_at bigint not null,
    revoked_at bigint)`,
  'create table meta (key text primary key, value text not null)',
]

const identity = [
  `create table endpoints (
    id text primary key, organisation_id text not null, site_id text, hostname text not null, platform text not null,
    confirmed_role text, enrolled_at bigint not null, removed_at bigint)`,
  'create index endpoints_of_organisation on endpoints (organisation_id)',
  `create table certificates (
    serial text primary key, endpoint_id text not null references endpoints (id), not_before bigint not null, not_after bigint not null,
    issued_at bigint not null, revoked_at bigint)`,
  'create index certificates_of_endpoint on certificates (endpoint_id)',
  `create table enrolment_tokens (
    id text primary key, hash text not null, organisation_id text not null, site_id text, role text, created_by text not null,
    created_at bigint not null, expires_at bigint not null, used_at bigint, used_by_endpoint_id text)`,
]

const ingest = (countedKey: string, keyOrdered: string) => [
  `create table cursors (
    endpoint_id text not null, epoch text not null, lane text not null, seq bigint not null,
    primary key (endpoint_id, epoch, lane)) ${keyOrdered}`,
  `create table signals (
    arrival ${countedKey}, id text not null unique, organisation_id text not null, endpoint_id text, source_id text,
    kind text not null, severity text not null, state text not null, fingerprint text not null, about text not null,
    summary text not null, facts text not null, evidence text not null, detector text not null, sensed_at bigint not null,
    received_at bigint not null, age_ms bigint not null, origin text not null, handled_at bigint, outcome text, ticket_id text)`,
  'create index signals_unhandled on signals (arrival) where handled_at is null',
  `create index signals_urgent on signals (arrival) where handled_at is null and substr(kind, 1, 9) = 'security.'`,
  'create index signals_of_endpoint on signals (endpoint_id, received_at)',
  'create index signals_of_ticket on signals (ticket_id) where ticket_id is not null',
  `create table conditions (
    endpoint_id text not null, fingerprint text not null, lane text not null, signal text not null, raised_at bigint not null,
    primary key (endpoint_id, fingerprint))`,
  `create table refused_records (
    id text primary key, endpoint_id text not null, epoch text not null, lane text not null, seq bigint not null,
    reason text not null, raw text not null, received_at bigint not null)`,
  'create index refused_records_of_endpoint on refused_records (endpoint_id, received_at)',
  `create table gaps (
    id text primary key, endpoint_id text not null, epoch text not null, lane text not null, from_seq bigint not null,
    to_seq bigint not null, why text not null, noticed_at bigint not null)`,
  'create index gaps_of_endpoint on gaps (endpoint_id, noticed_at)',
]

const measure = (keyOrdered: string) => [
  `create table samples (
    endpoint_id text not null, at bigint not null, body text not null, primary key (endpoint_id, at)) ${keyOrdered}`,
  `create table inventories (
    endpoint_id text primary key, at bigint not null, role text not null, agent_version text not null, body text not null)`,
  `create table presences (
    endpoint_id text primary key, is_connected integer not null, changed_at bigint not null, last_heard_at bigint not null,
    goodbye text, agent_version text not null)`,
]

const desk = [
  `create table tickets (
    id text primary key, number bigint not null unique, organisation_id text not null, site_id text, endpoint_id text, source_id text,
    fingerprint text not null, kind text not null, severity text not null, title text not null, status text not null,
    resolution text, impact text not null, urgency text not null, priority text not null, tier text not null, team text not null,
    owner_id text, occurrences bigint not null, is_standing integer not null, containment text not null, opened_at bigint not null,
    last_signal_at bigint not null, acknowledged_at bigint, touched_at bigint, resolved_at bigint, in_tier_since bigint not null,
    respond_by bigint, resolve_by bigint, responded_at bigint, matrix_version bigint not null, rule text not null,
    reasons text not null, version bigint not null)`,
  'create index tickets_of_trouble on tickets (endpoint_id, fingerprint)',
  'create index tickets_of_source on tickets (source_id, fingerprint) where source_id is not null',
  'create index tickets_of_queue on tickets (status, tier)',
  'create index tickets_of_organisation on tickets (organisation_id, opened_at)',
  `create table timeline (
    id text primary key, ticket_id text not null, at bigint not null, kind text not null, actor text not null, body text not null)`,
  'create index timeline_of_ticket on timeline (ticket_id, at)',
  `create table digest_lines (
    id text primary key, organisation_id text not null, endpoint_id text, team text not null, signal_id text not null,
    summary text not null, at bigint not null, sent_at bigint)`,
  'create index digest_lines_unsent on digest_lines (team, at) where sent_at is null',
  `create table timers (
    id text primary key, ticket_id text, kind text not null, due_at bigint not null, payload text not null, created_at bigint not null,
    fired_at bigint, cancelled_at bigint)`,
  'create index timers_due on timers (due_at) where fired_at is null and cancelled_at is null',
  'create index timers_of_ticket on timers (ticket_id)',
  `create table matrix_versions (
    version bigint primary key, yaml text not null, sha256 text not null, author text not null, created_at bigint not null)`,
]

const outside = [
  `create table receivers (
    id text primary key, name text not null, notifier text not null, settings text not null, organisation_id text,
    created_at bigint not null, disabled_at bigint)`,
  `create table outbox (
    id text primary key, receiver_id text not null, ticket_id text, organisation_id text, event text not null, body text not null,
    created_at bigint not null, attempts integer not null, next_attempt_at bigint, delivered_at bigint, failed_at bigint, last_error text)`,
  'create index outbox_due on outbox (next_attempt_at) where delivered_at is null and failed_at is null',
  'create index outbox_of_ticket on outbox (ticket_id)',
  `create table idempotency_keys (
    id text primary key, request_hash text not null, status integer not null, body text not null, created_at bigint not null)`,
  'create index idempotency_keys_by_age on idempotency_keys (created_at)',
  `create table audit (
    id text primary key, at bigint not null, actor text not null, action text not null, target text not null, organisation_id text,
    detail text not null)`,
  'create index audit_by_time on audit (at)',
]

const commands = [
  `create table commands (
    id text primary key, organisation_id text not null, endpoint_id text not null, ticket_id text, verb text not null, args text not null,
    risk text not null, status text not null, requested_by text not null, reason text not null, requested_at bigint not null,
    expires_at bigint not null, jws text, sent_at bigint, delivered_at bigint, settled_at bigint, result text)`,
  'create index commands_unsettled on commands (endpoint_id) where settled_at is null',
  'create index commands_of_endpoint on commands (endpoint_id, requested_at)',
  'create index commands_of_ticket on commands (ticket_id)',
  `create table command_results (
    id text primary key, endpoint_id text not null, command_id text not null, body text not null, received_at bigint not null,
    handled_at bigint)`,
  'create index command_results_unhandled on command_results (received_at) where handled_at is null',
  `create table isolations (
    endpoint_id text primary key, desired text not null, desired_at bigint not null, desired_by text not null, actual text not null,
    actual_at bigint not null, is_ready integer not null, detail text not null, proof text)`,
]
