import type { Kysely } from 'kysely'
import { fitsKind, isSecurity } from '#shared/domain/signal.ts'
import type { Matrix } from '../route/matrix.ts'
import type { Database } from '../store/schema.ts'
import type { SignalsTable } from '../store/tables/ingest.ts'
import type { SettlingsTable } from '../store/tables/suppress.ts'
import { armKey, mayWait, type OpenWindow, type Settling, type Suppression } from './suppress.ts'

/** A transaction, or the database outside of one. */
type From = Kysely<Database>

type Asking = Pick<SignalsTable, 'kind' | 'state' | 'endpoint_id'>

/** What of it is in force at `now` may stand in the way of these signals: at most four short queries a round, however many they are. */
export async function loadSuppression(
  from: From,
  signals: readonly Asking[],
  { maintenance, settling }: Pick<Matrix, 'maintenance' | 'settling'>,
  now: number,
): Promise<Suppression> {
  const opening = signals.filter(({ state }) => state !== 'cleared')
  const settles = ({ kind }: Asking): boolean =>
    settling.security.includes(kind) || settling.kinds.some((pattern) => fitsKind(pattern, kind))
  const mayIsolate = opening.some(({ kind }) => isSecurity(kind))
  const [windows, settlings, exceptions, disarmed] = await Promise.all([
    opening.some(mayWait) ? readWindows(from, now - maintenance.backWithin, now) : [],
    readSettlings(
      from,
      opening.filter(settles).flatMap(({ endpoint_id }) => endpoint_id ?? []),
    ),
    opening.length > 0 ? readExceptions(from, [...new Set(opening.map(({ kind }) => kind))], now) : [],
    mayIsolate ? from.selectFrom('disarmed_detectors').select(['detector', 'kind', 'rule']).where('armed_at', 'is', null).execute() : [],
  ])
  return {
    windows: windows.filter(({ closesAt }) => closesAt > now),
    closing: windows.filter(({ closesAt }) => closesAt <= now),
    settling: new Map(
      settlings.flatMap((row) => {
        const until = settledAt(row, settling)
        return until > now ? [[row.endpoint_id, { why: row.why, until }] as const] : []
      }),
    ),
    exceptions,
    disarmed: new Set(disarmed.map(armKey)),
  }
}

/** A reboot that was announced has its time; an update goes on until it says that it ended. */
export function settledAt(
  { why, began_at, back_at }: Pick<SettlingsTable, 'why' | 'began_at' | 'back_at'>,
  { after, longest }: Matrix['settling'],
): Settling['until'] {
  if (back_at !== null) return back_at + after
  return began_at + (why === 'reboot' ? after : longest)
}

/** Open at some instant since `since`. */
async function readWindows(from: From, since: number, now: number): Promise<OpenWindow[]> {
  const rows = await from
    .selectFrom('maintenance_windows')
    .select(['id', 'name', 'organisation_id', 'scope', 'scope_value', 'closes_at'])
    .where('removed_at', 'is', null)
    .where('opens_at', '<=', now)
    .where('closes_at', '>', since)
    .execute()
  return rows.map(({ id, name, organisation_id, scope, scope_value, closes_at }) => ({
    ...{ id, name, organisationId: organisation_id, scope, value: scope_value, closesAt: closes_at },
  }))
}

async function readSettlings(from: From, endpointIds: readonly string[]) {
  if (endpointIds.length === 0) return []
  return from
    .selectFrom('settlings')
    .selectAll()
    .where('endpoint_id', 'in', [...new Set(endpointIds)])
    .execute()
}

async function readExceptions(from: From, kinds: readonly string[], now: number): Promise<Suppression['exceptions']> {
  const rows = await from
    .selectFrom('noise_exceptions')
    .select(['id', 'organisation_id', 'scope', 'scope_value', 'kind', 'fingerprint', 'severity', 'process_sha256', 'until_at'])
    .where('ended_at', 'is', null)
    .where(({ eb, or }) => or([eb('kind', 'in', kinds), eb('process_sha256', 'is not', null)]))
    .where('until_at', '>', now)
    .execute()
  return rows.map(({ organisation_id, scope_value, process_sha256, until_at, ...row }) => ({
    ...{ ...row, organisationId: organisation_id, value: scope_value, processSha256: process_sha256, until: until_at },
  }))
}

/** Signals of these troubles that wait, by trouble. */
export async function loadWaiting(from: From, troubles: readonly string[]): Promise<Map<string, string[]>> {
  if (troubles.length === 0) return new Map()
  const rows = await from
    .selectFrom('suppressed_signals')
    .select(['signal_id', 'trouble'])
    .where('ended_at', 'is', null)
    .where('trouble', 'in', troubles)
    .execute()
  const byTrouble = Map.groupBy(rows, ({ trouble }) => trouble)
  return new Map([...byTrouble].map(([trouble, theirs]) => [trouble, theirs.map(({ signal_id }) => signal_id)]))
}
