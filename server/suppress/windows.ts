import { v7 as orderedId } from 'uuid'
import type { Tx } from '../store/store.ts'
import type { MaintenanceWindowsTable } from '../store/tables/suppress.ts'
import { type Occurrence, occurrences, onTheWall, type Plan, type Weekday } from './occurrences.ts'
import type { Reach } from './reach.ts'

/** Maintenance windows as they are kept: each with the occurrence that is under way or comes next. */

export interface NewWindow extends Reach, Plan {
  name: string
  createdBy: string
}

export type MaintenanceWindow = MaintenanceWindowsTable
type Row = MaintenanceWindow

export const reachOf = ({ organisation_id, scope, scope_value }: Row): Reach => ({
  organisationId: organisation_id,
  scope,
  value: scope_value,
})

export const planOf = ({ days, at_time, duration_ms, time_zone, opens_at }: Row): Plan => ({
  repeats: at_time === '' ? { kind: 'once', opensAt: opens_at } : { kind: 'weekly', days: JSON.parse(days) as Weekday[], at: at_time },
  ...{ durationMs: duration_ms, timeZone: time_zone },
})

/** @returns undefined: it would never open. */
export async function keepWindow(tx: Tx, window: NewWindow, now: number): Promise<Row | undefined> {
  const { organisationId, scope, value, name, createdBy, repeats, durationMs, timeZone } = window
  const [first] = occurrences(window, now, 1)
  if (!first) return undefined
  const [days, at] = repeats.kind === 'once' ? ['[]', ''] : [JSON.stringify(repeats.days), repeats.at]
  const row: Row = {
    ...{ id: orderedId(), organisation_id: organisationId, name, scope, scope_value: value, days, at_time: at },
    ...{ duration_ms: durationMs, time_zone: timeZone, opens_at: first.opensAt, closes_at: first.closesAt },
    ...{ created_by: createdBy, created_at: now, removed_at: null },
  }
  await tx.insertInto('maintenance_windows').values(row).execute()
  return row
}

export const findWindow = (tx: Tx, id: string): Promise<Row | undefined> =>
  tx.selectFrom('maintenance_windows').selectAll().where('id', '=', id).where('removed_at', 'is', null).executeTakeFirst()

/** It closes now instead of later. */
export async function closeWindow(tx: Tx, { id }: Row, now: number): Promise<void> {
  await tx.updateTable('maintenance_windows').set({ closes_at: now }).where('id', '=', id).execute()
}

/** It doesn't open again. One that is open, or whose machines may still come back, is over when they have had their time. */
export async function removeWindow(tx: Tx, row: Row, now: number): Promise<void> {
  const window = tx.updateTable('maintenance_windows').where('id', '=', row.id)
  if (row.opens_at > now) await window.set({ removed_at: now }).execute()
  else await window.set({ days: '[]', at_time: '', closes_at: Math.min(row.closes_at, now) }).execute()
}

/** The one after the occurrence that the row holds; undefined: there is none, and the window is over. */
export const nextOf = (row: Row, now: number): Occurrence | undefined =>
  occurrences(planOf(row), now, 8).find(({ opensAt }) => opensAt > row.opens_at)

/** The occurrence that it holds, if that isn't over, and those after it, as a clock there shows them. */
export function upcomingOf(row: Row, now: number, count: number): (Occurrence & { opens: string; closes: string })[] {
  const own = row.closes_at > now ? [{ opensAt: row.opens_at, closesAt: row.closes_at }] : []
  const later = occurrences(planOf(row), now, count + 1).filter(({ opensAt }) => opensAt > row.opens_at)
  return [...own, ...later].slice(0, count).map(({ opensAt, closesAt }) => ({
    ...{ opensAt, closesAt, opens: onTheWall(opensAt, row.time_zone), closes: onTheWall(closesAt, row.time_zone) },
  }))
}

/** It goes on with its next occurrence, or is over. */
export async function moveOn(tx: Tx, row: Row, now: number): Promise<Occurrence | undefined> {
  const next = nextOf(row, now)
  const change = next ? { opens_at: next.opensAt, closes_at: next.closesAt } : { removed_at: now }
  await tx.updateTable('maintenance_windows').set(change).where('id', '=', row.id).execute()
  return next
}

/** Those that closed before then, and did not go on. */
export const overdueWindows = (tx: Tx, before: number): Promise<Row[]> =>
  tx.selectFrom('maintenance_windows').selectAll().where('removed_at', 'is', null).where('closes_at', '<', before).execute()

/** Of the tickets that are open, those of machines in this window. */
export async function ticketsIn(tx: Tx, { organisation_id, scope, scope_value }: Row): Promise<string[]> {
  const rows = await tx
    .selectFrom('tickets')
    .innerJoin('endpoints', 'endpoints.id', 'tickets.endpoint_id')
    .select('tickets.id')
    .where('tickets.organisation_id', '=', organisation_id)
    .where('resolved_at', 'is', null)
    .$if(scope === 'endpoint', (some) => some.where('endpoints.id', '=', scope_value))
    .$if(scope === 'site', (some) => some.where('endpoints.site_id', '=', scope_value))
    .$if(scope === 'tag', (some) => some.where('tags', 'like', `%"${scope_value}"%`))
    .execute()
  return rows.map(({ id }) => id)
}
