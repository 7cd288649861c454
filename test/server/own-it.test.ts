import { afterEach, beforeEach, expect, it } from 'vitest'
import { hours, minutes } from '#shared/domain/time.ts'
import { type DeskRoom, openDeskRoom } from '../support/desk-room.ts'
import { hire } from '../support/staff.ts'

/* The time-box of a customer's own IT: while nobody there takes it. */

let room: DeskRoom
const ivan = { id: 'ivan', name: 'Ivan' }

beforeEach(async () => {
  room = await openDeskRoom()
  await hire(room, 'ivan', { teams: '["customer-it"]', organisation_id: 'acme', wip_limit: 0 })
  await hire(room, 'ann', { teams: '["tier1"]' })
  await room.store.db.updateTable('organisations').set({ own_it: '["health.*"]' }).where('id', '=', 'acme').execute()
  await room.signals({ endpointId: 'srv' })
})
afterEach(() => room.close())

const ticket = () => room.store.db.selectFrom('tickets').selectAll().executeTakeFirstOrThrow()
const pass = async (ms: number) => {
  await room.time.advance(ms)
  await room.timers.idle()
}

it('comes to the provider when nobody there takes it', async () => {
  expect(await ticket()).toMatchObject({ team: 'customer-it', priority: 'P3' })
  await pass(hours(4) - minutes(1))
  expect(await ticket()).toMatchObject({ team: 'customer-it' })
  await pass(minutes(2))
  expect(await ticket()).toMatchObject({ team: 'tier1', status: 'new' })
})

it('stays with whoever took it', async () => {
  const { id, version } = await ticket()
  await room.desk.acknowledge({ ticketId: id, version, person: ivan })
  await pass(hours(9))
  expect(await ticket()).toMatchObject({ team: 'customer-it', status: 'acknowledged', owner_id: 'ivan' })
})

it('has nothing of what threatens it, whoever else handles that', async () => {
  await room.store.db.updateTable('organisations').set({ own_it: '["*"]' }).where('id', '=', 'acme').execute()
  await room.signals({ endpointId: 'core', kind: 'security.logon.bruteforce', state: 'happened' })
  await room.signals({ endpointId: null, kind: 'system.disk', severity: 'high', state: 'happened' })
  const teams = await room.store.db.selectFrom('tickets').select('team').orderBy('number').execute()
  expect(teams.map(({ team }) => team)).toEqual(['customer-it', 'tier2', 'admin'])
})

it('is the organisation’s own: another’s go to the provider at once', async () => {
  const about = { organisationId: 'other', title: 'x', text: '', urgency: 'low' as const, person: ivan }
  await room.desk.open(about)
  const teams = await room.store.db.selectFrom('tickets').select(['organisation_id', 'team']).orderBy('number').execute()
  expect(teams.at(-1)).toEqual({ organisation_id: 'other', team: 'tier1' })
})
