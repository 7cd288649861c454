import { afterEach, beforeEach, expect, it } from 'vitest'
import { minutes, seconds } from '#shared/domain/time.ts'
import { createRosters } from '../../../server/people/rosters.ts'
import { type DeskRoom, openDeskRoom } from '../../support/desk-room.ts'
import { hire } from '../../support/staff.ts'

let room: DeskRoom
beforeEach(async () => {
  room = await openDeskRoom({ plan: 'round-the-clock', roles: { here: 'core', there: 'core' } })
  const site = { id: 'site-2', organisation_id: 'acme', name: 'Potsdam', time_zone: null, created_at: room.time.now() }
  await room.store.db.insertInto('sites').values(site).execute()
  await room.store.db.updateTable('endpoints').set({ site_id: 'site-2' }).where('id', '=', 'there').execute()
  for (const id of ['ada', 'bob', 'cid']) await hire(room, id, { teams: '["tier3"]', ways: [`http://127.0.0.1:9/${id}`] })
})
afterEach(() => room.close())

const silent = (endpointId: string) => ({ endpointId, kind: 'presence.silent', severity: 'high', fingerprint: 'presence' }) as const

/** Who was paged first for each machine. */
async function firstPaged(): Promise<Record<string, string>> {
  const rows = await room.store.db
    .selectFrom('timeline')
    .innerJoin('tickets', 'tickets.id', 'timeline.ticket_id')
    .select(['endpoint_id', 'body'])
    .where('timeline.kind', '=', 'paged')
    .orderBy('timeline.at', 'desc')
    .orderBy('timeline.id', 'desc')
    .execute()
  return Object.fromEntries(rows.map(({ endpoint_id, body }) => [endpoint_id, (JSON.parse(body) as { to: string[] }).to.join()]))
}

it('a page of a site goes to whoever is on call for it; those of others go to whoever has the turn', async () => {
  const rosters = createRosters({ store: room.store, time: room.time, teams: () => room.matrix.teams })
  const span = { team: 'tier3', from: room.time.now(), until: room.time.now() + minutes(60) }
  await rosters.addOverride({ ...span, personId: 'cid', siteId: 'site-2' })
  await room.signals(silent('here'), silent('there'))
  await room.time.advance(seconds(1))
  expect(await firstPaged()).toEqual({ here: 'ada', there: 'cid' })
})

it('they go to whoever has the turn again once it is over', async () => {
  const rosters = createRosters({ store: room.store, time: room.time, teams: () => room.matrix.teams })
  const span = { team: 'tier3', from: room.time.now(), until: room.time.now() + minutes(1) }
  await rosters.addOverride({ ...span, personId: 'cid', siteId: 'site-2' })
  await room.time.advance(minutes(2))
  await room.signals(silent('there'))
  expect(await firstPaged()).toEqual({ there: 'ada' })
})

it('a page that nobody’s notifier accepts passes to who is on call for the site next', async () => {
  const rosters = createRosters({ store: room.store, time: room.time, teams: () => room.matrix.teams })
  const span = { team: 'tier3', siteId: 'site-2', from: room.time.now(), until: room.time.now() + minutes(60) }
  await rosters.addOverride({ ...span, personId: 'bob' })
  await room.time.advance(seconds(1))
  await rosters.addOverride({ ...span, personId: 'cid' })
  await room.signals(silent('there'))
  await room.time.advance(seconds(90))
  const paged = async () => {
    const rows = await room.store.db
      .selectFrom('outbox')
      .innerJoin('receivers', 'receivers.id', 'outbox.receiver_id')
      .select('person_id')
      .where('event', '=', 'ticket.page')
      .orderBy('outbox.id')
      .execute()
    return rows.map(({ person_id }) => person_id).slice(0, 2)
  }
  await expect.poll(paged, { timeout: 10_000 }).toEqual(['cid', 'bob'])
})
