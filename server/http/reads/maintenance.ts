import type { z } from 'zod'
import type { MaintenanceWindowView, SuppressedList, SuppressedQuery } from '#shared/api/maintenance.ts'
import type { MaintenanceWindow } from '../../suppress/windows.ts'
import type { View } from '../view.ts'

type Upcoming = (window: MaintenanceWindow) => MaintenanceWindowView['next']

/** Those that are open or to come, by when they open. */
export async function readWindows(view: View, organisationId: string | undefined, upcoming: Upcoming, now: number) {
  const rows = await view
    .maintenanceWindows()
    .selectAll('maintenance_windows')
    .where('removed_at', 'is', null)
    .$if(organisationId !== undefined, (some) => some.where('organisation_id', '=', organisationId ?? ''))
    .orderBy('opens_at')
    .orderBy('id')
    .execute()
  return rows.map((row) => viewOf(row, upcoming, now)).filter(({ next }) => next.length > 0)
}

function viewOf(row: MaintenanceWindow, upcoming: Upcoming, now: number): MaintenanceWindowView {
  const weekly = row.at_time === '' ? null : { days: JSON.parse(row.days) as ('mon' | 'tue')[], at: row.at_time }
  return {
    ...{ id: row.id, organisationId: row.organisation_id, name: row.name, scope: row.scope, value: row.scope_value, weekly },
    ...{ minutes: row.duration_ms / 60_000, timeZone: row.time_zone, isOpen: row.opens_at <= now && now < row.closes_at },
    next: upcoming(row),
  }
}

export async function readSuppressed(
  view: View,
  { organisationId, endpointId, waiting, limit }: z.output<typeof SuppressedQuery>,
): Promise<z.output<typeof SuppressedList>> {
  const those = view
    .suppressedSignals()
    .$if(waiting === 'true', (some) => some.where('suppressed_signals.ended_at', 'is', null))
    .$if(organisationId !== undefined, (some) => some.where('suppressed_signals.organisation_id', '=', organisationId ?? ''))
    .$if(endpointId !== undefined, (some) => some.where('suppressed_signals.endpoint_id', '=', endpointId ?? ''))
  const [rows, { total }] = await Promise.all([
    those
      .leftJoin('endpoints', 'endpoints.id', 'suppressed_signals.endpoint_id')
      .leftJoin('maintenance_windows', 'maintenance_windows.id', 'suppressed_signals.by_id')
      .leftJoin('noise_exceptions', 'noise_exceptions.id', 'suppressed_signals.by_id')
      .selectAll('suppressed_signals')
      .select(['signals.summary', 'endpoints.hostname', 'maintenance_windows.name as window', 'noise_exceptions.reason'])
      .orderBy('suppressed_signals.since', 'desc')
      .orderBy('signal_id', 'desc')
      .limit(limit)
      .execute(),
    those.select(({ fn }) => fn.countAll<number>().as('total')).executeTakeFirstOrThrow(),
  ])
  return {
    total: Number(total),
    signals: rows.map((row) => ({
      ...{ signalId: row.signal_id, organisationId: row.organisation_id, kind: row.kind, state: row.state, summary: row.summary },
      endpoint: row.endpoint_id === null ? null : { id: row.endpoint_id, hostname: row.hostname ?? '' },
      ...{
        by: row.suppressed_by,
        byId: row.by_id,
        why: whyOf(view.scope === 'all' ? row : { ...row, reason: null }),
        since: row.since,
        until: row.until_at,
      },
      ...{ endedAt: row.ended_at, endedAs: row.ended_as },
    })),
  }
}

function whyOf({ suppressed_by, window, reason }: { suppressed_by: string; window: string | null; reason: string | null }): string {
  if (suppressed_by === 'window') return `It waits for the maintenance window “${window ?? ''}”.`
  if (suppressed_by === 'settling') return 'It waits until its machine has been started or updated.'
  if (suppressed_by === 'loud') return 'Its machine was too loud: it is counted on the one ticket of that machine.'
  return reason === null ? 'Somebody said that it is noise.' : `Somebody said that it is noise: ${reason}`
}
