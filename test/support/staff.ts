import type { Insertable } from 'kysely'
import type { PeopleTable } from '../../server/store/tables/people.ts'
import type { DeskRoom } from './desk-room.ts'

/** Somebody of the provider, with a telephone of their own behind each of `ways`, tried in that order. */
export async function hire(
  room: Pick<DeskRoom, 'store' | 'time' | 'receivers'>,
  id: string,
  more: Partial<Insertable<PeopleTable>> & { ways?: string[] } = {},
): Promise<void> {
  const { ways = [], ...person } = more
  const row = { id, name: id, login: id, password_hash: '', teams: '["security"]', is_admin: 0 as const, organisation_id: null }
  const at = { created_at: room.time.now(), disabled_at: null }
  await room.store.db
    .insertInto('people')
    .values({ ...row, ...at, ...person })
    .execute()
  for (const [nth, url] of ways.entries()) {
    const way = { name: `${id} ${nth + 1}`, notifier: 'slack', settings: { url }, organisationId: null }
    await room.receivers.create({ ...way, audience: 'person', personId: id, rank: nth + 1 })
  }
}
