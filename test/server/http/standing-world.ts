import { randomUUIDv7 } from 'node:crypto'
import { days } from '#shared/domain/time.ts'
import type { Store } from '../../../server/store/store.ts'

/** A standing order that waits for signatures. */
export async function addStanding(
  { db }: Store,
  now: number,
  { mark, organisation }: { mark: string; organisation: string },
): Promise<string> {
  const id = randomUUIDv7()
  const endsAt = now + days(30)
  const order = {
    ...{ v: 1, id, number: 1, name: `${mark} order`, organisationId: organisation, role: 'server', verb: 'restart-service', args: {} },
    ...{ argsFrom: { unit: 'unit' }, when: { kind: 'signal', any: [{ kind: 'health.service.down' }] }, mostRuns: 3 },
    ...{ issuedAt: now, endsAt, isWithdrawn: false, requestedBy: mark, reason: `${mark} reason` },
  }
  await db
    .insertInto('standing_orders')
    .values({
      ...{ id, number: 1, organisation_id: organisation, payload: JSON.stringify(order), signatures: '[]', risk: 'protective' },
      ...{ state: 'unsigned', is_withdrawal: 0, ends_at: endsAt, asked_by: 'system', asked_at: now },
    })
    .execute()
  return id
}
