import { randomUUIDv7 } from 'node:crypto'
import type { Store } from '../../../server/store/store.ts'
import type { Belongings } from './world.ts'

/** It waits for operators. */
export async function addBulk(
  { db }: Store,
  now: number,
  { mark, organisation, endpoint }: Pick<Belongings, 'mark' | 'organisation' | 'endpoint'>,
): Promise<string> {
  const id = randomUUIDv7()
  const asked = { verb: 'ping', args: '{}', risk: 'protective', requested_by: 'system', reason: `${mark} reason` } as const
  const staged = { sizes: '[1]', fail_percent: 10, wait_ms: 600_000, stage: 0, note: `${mark} note` }
  const waiting = { status: 'unsigned', payload: JSON.stringify({ mark }), signatures: '[]' } as const
  const bulk = { id, organisation_id: organisation, ...asked, ...staged, ...waiting, requested_at: now, expires_at: now + 86_400_000 }
  await db.insertInto('bulks').values(bulk).execute()
  await db.insertInto('bulk_targets').values({ bulk_id: id, place: 0, endpoint_id: endpoint }).execute()
  return id
}
