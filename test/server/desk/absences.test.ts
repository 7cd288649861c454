import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { hours } from '#shared/domain/time.ts'
import { createAbsences } from '../../../server/desk/absences.ts'
import { type DeskRoom, openDeskRoom } from '../../support/desk-room.ts'
import { hire } from '../../support/staff.ts'

let room: DeskRoom

beforeEach(async () => {
  room = await openDeskRoom()
  await hire(room, 'ann', { teams: '["tier1"]' })
})
afterEach(() => room.close())

const absences = () => createAbsences(room)
const tickets = () =>
  room.store.db.selectFrom('tickets').select(['id', 'owner_id', 'status', 'version', 'acknowledged_at']).orderBy('number').execute()
const lines = async (kind: string) =>
  (await room.store.db.selectFrom('timeline').select(['kind', 'body']).execute())
    .filter((line) => line.kind === kind)
    .map(({ body }) => JSON.parse(body) as Record<string, unknown>)

/** One that Ann works on, one that waits, one that is only hers. */
async function three(): Promise<void> {
  for (const fingerprint of ['a', 'b', 'c']) await room.signals({ endpointId: 'srv', fingerprint })
  const [first, second] = await tickets()
  const person = { id: 'ann', name: 'ann' }
  for (const ticket of [first, second]) await room.desk.acknowledge({ ticketId: ticket?.id ?? '', version: ticket?.version ?? 0, person })
  await room.store.db
    .updateTable('tickets')
    .set({ status: 'waiting' })
    .where('id', '=', second?.id ?? '')
    .execute()
}

describe('whoever is away', () => {
  it('has no ticket left: each goes to somebody else, waiting ones too, and says why', async () => {
    await three()
    await hire(room, 'bob', { teams: '["tier1"]' })
    const now = room.time.now()
    await absences().begin({ personId: 'ann', from: now, until: now + hours(8) })
    await room.timers.idle()
    expect(await tickets()).toMatchObject([
      { owner_id: 'bob', status: 'new', acknowledged_at: null },
      { owner_id: null, status: 'waiting' },
      { owner_id: 'bob', status: 'new' },
    ])
    expect(await lines('put-back')).toMatchObject(Array.from({ length: 3 }, () => ({ name: 'ann', team: 'tier1', until: now + hours(8) })))
  })

  it('is given nothing, and everything again once they are back', async () => {
    const now = room.time.now()
    await hire(room, 'bob', { teams: '["tier1"]', wip_limit: 1 })
    await absences().begin({ personId: 'ann', from: now, until: now + hours(8) })
    await room.timers.idle()
    await room.signals({ endpointId: 'srv', fingerprint: 'a' }, { endpointId: 'srv', fingerprint: 'b' })
    expect((await tickets()).map(({ owner_id }) => owner_id)).toEqual(['bob', null])
    room.time.jump(hours(8))
    await room.signals({ endpointId: 'srv', fingerprint: 'c' })
    expect((await tickets()).map(({ owner_id }) => owner_id)).toEqual(['bob', null, 'ann'])
  })

  it('later, keeps them until then; called off, for good', async () => {
    await three()
    const now = room.time.now()
    await absences().begin({ personId: 'ann', from: now + hours(1), until: now + hours(8) })
    await room.timers.idle()
    expect((await tickets()).every(({ owner_id }) => owner_id === 'ann')).toBe(true)
    expect(await absences().end('ann')).toBe(true)
    room.time.jump(hours(2))
    await room.timers.idle()
    expect(await lines('put-back')).toEqual([])
    expect(await absences().end('ann')).toBe(false)
  })

  it('goes once, also over a crash', async () => {
    await three()
    const now = room.time.now()
    await absences().begin({ personId: 'ann', from: now + hours(1), until: now + hours(8) })
    room.time.jump(hours(1))
    room = await room.restart()
    await room.timers.idle()
    await room.timers.idle()
    expect(await lines('put-back')).toHaveLength(3)
  })
})
