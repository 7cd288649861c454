import { afterEach, beforeEach, expect, it } from 'vitest'
import { keepEntries } from '../../../server/ticket/ticket.ts'
import { type DeskRoom, openDeskRoom } from '../../support/desk-room.ts'

let room: DeskRoom
beforeEach(async () => {
  room = await openDeskRoom()
})
afterEach(() => room.close())

it('lines of one instant stand in the order in which they were written, also when they were not written in one go', async () => {
  const { store, time } = room
  const entry = (text: string) => ({ at: time.now(), kind: 'commented' as const, actor: 'ada', body: { text } })
  await store.db.transaction().execute(async (tx) => {
    for (let nth = 0; nth < 200; nth += 1)
      await keepEntries(tx, store.capabilities.putRows, [{ ticketId: 'ticket', entry: entry(String(nth)) }])
  })
  const rows = await store.db.selectFrom('timeline').select('body').orderBy('at').orderBy('id').execute()
  expect(rows.map(({ body }) => Number((JSON.parse(body) as { text: string }).text))).toEqual(Array.from({ length: 200 }, (_, nth) => nth))
})
