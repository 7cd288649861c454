import { afterEach, beforeEach, expect, it } from 'vitest'
import { fleetKind } from '../../../server/command/brakes.ts'
import { maxAsked } from '../../../server/pipeline/for-all.ts'
import { type DeskRoom, openDeskRoom } from '../../support/desk-room.ts'

/* More machines are held than one answer reaches: the question stays until somebody has answered for all of them. */
const unreadable = { kind: 'security.ransomware.canary', severity: 'critical', state: 'happened', facts: { change: 'unreadable' } } as const
const person = { id: 'person-1', name: 'Ada' }

let room: DeskRoom
beforeEach(async () => {
  room = await openDeskRoom()
})
afterEach(() => room.close())

const ticketOf = (kind: string) => room.store.db.selectFrom('tickets').selectAll().where('kind', '=', kind).executeTakeFirstOrThrow()
const asked = async (): Promise<number> => {
  const tickets = room.store.db.selectFrom('tickets').select('id').where('containment', '=', 'asked').where('kind', '!=', fleetKind)
  return (await tickets.execute()).length
}

/** `count` more of the same machine’s, each of which the fleet’s limit holds. */
async function hold(count: number): Promise<void> {
  const { db, capabilities } = room.store
  const held = await ticketOf(unreadable.kind)
  const lines = db.selectFrom('timeline').selectAll().where('ticket_id', '=', held.id).where('kind', '=', 'containment-asked')
  const line = await lines.executeTakeFirstOrThrow()
  const body = JSON.stringify({ ...JSON.parse(line.body), brake: 'fleet' })
  await db.updateTable('timeline').set({ body }).where('id', '=', line.id).execute()
  const named = Array.from({ length: count }, (_, nth) => `held-${nth}`)
  const tickets = named.map((id, nth) => ({ ...held, id, number: 1_000 + nth, fingerprint: id }))
  const said = named.map((id) => ({ ...line, id: `line-${id}`, ticket_id: id, body }))
  await db.transaction().execute(async (tx) => {
    await capabilities.putRows(tx, 'tickets', tickets, 'ignore')
    await capabilities.putRows(tx, 'timeline', said, 'ignore')
  })
}

it('says so, and the next answer is for the rest', async () => {
  await room.signals({ kind: 'health.disk.full', endpointId: 'ws', facts: { usedRatio: 0.99, freeBytes: 1, totalBytes: 100 } })
  await room.store.db.updateTable('tickets').set({ kind: fleetKind, containment: 'asked', endpoint_id: null }).execute()
  await room.signals({ ...unreadable, endpointId: 'srv' })
  await hold(maxAsked + 4)

  const leave = async () => {
    const { id, version } = await ticketOf(fleetKind)
    return room.desk.leave({ ticketId: id, version, person, reason: 'a test of ours' })
  }
  expect(await leave()).toMatchObject({ kind: 'done' })
  expect(await asked()).toBe(5)
  expect(await ticketOf(fleetKind)).toMatchObject({ containment: 'asked' })
  const said = room.store.db.selectFrom('timeline').select('body').where('kind', '=', 'commented')
  expect((await said.execute()).map(({ body }) => body).join()).toContain('answer once more')

  expect(await leave()).toMatchObject({ kind: 'done' })
  expect([await asked(), (await ticketOf(fleetKind)).containment]).toEqual([0, 'answered'])
  expect(await leave()).toMatchObject({ kind: 'refused' })
})
