import { randomUUIDv7 } from 'node:crypto'
import type { Store } from '../../../server/store/store.ts'
import type { Belongings } from './world.ts'

/** What keeps an organisation's machines quiet. */

export async function addException(
  { db }: Store,
  now: number,
  { mark, organisation, ticket }: Pick<Belongings, 'mark' | 'organisation' | 'ticket'>,
): Promise<string> {
  const id = randomUUIDv7()
  await db
    .insertInto('noise_exceptions')
    .values({
      ...{ id, organisation_id: organisation, scope: 'organisation', scope_value: organisation, kind: 'health.other', fingerprint: null },
      ...{ severity: 'medium', process_sha256: null, ticket_id: ticket, reason: `${mark} reason`, created_by: 'system' },
      ...{ created_at: now, until_at: now + 3_600_000, ended_at: null, ended_by: null },
    })
    .execute()
  return id
}

export async function addWindow(
  { db }: Store,
  now: number,
  { mark, organisation }: Pick<Belongings, 'mark' | 'organisation'>,
): Promise<string> {
  const id = randomUUIDv7()
  await db
    .insertInto('maintenance_windows')
    .values({
      ...{ id, organisation_id: organisation, name: `${mark} window`, scope: 'organisation', scope_value: organisation, days: '[]' },
      ...{ at_time: '', duration_ms: 3_600_000, time_zone: 'Europe/Berlin', opens_at: now, closes_at: now + 3_600_000 },
      ...{ created_by: 'system', created_at: now, removed_at: null },
    })
    .execute()
  return id
}
