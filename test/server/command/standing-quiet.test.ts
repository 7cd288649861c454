import pino from 'pino'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { seconds } from '#shared/domain/time.ts'
import { createStanding, type StandingOrders } from '../../../server/command/standing/standing.ts'
import { createTurns } from '../../../server/pipeline/turns.ts'
import { type DeskRoom, openDeskRoom } from '../../support/desk-room.ts'
import { addStanding } from '../http/standing-world.ts'

/* Standing orders are looked at every five seconds; whoever writes waits for that only where there is something to do. */
let room: DeskRoom
let standing: StandingOrders
let turns = 0
beforeEach(async () => {
  room = await openDeskRoom({ roles: { srv: 'server' } })
  await addStanding(room.store, room.time.now(), { mark: 'acme', organisation: 'acme' })
  const signatures = JSON.stringify([{ operator: 'Anna', kid: 'anna', at: 1, jws: 'signed' }])
  await room.store.db.updateTable('standing_orders').set({ state: 'signed', signatures }).execute()
  const { store, time } = room
  const one = createTurns(store.db)
  turns = 0
  standing = createStanding({
    ...{ store, time, log: pino({ level: 'silent' }), register: () => undefined, signStanding: async () => 'signed' },
    turns: (work) => {
      turns += 1
      return one(work)
    },
    ...{ sayOnTimeline: async () => undefined, nudge: () => undefined },
  })
})
afterEach(async () => {
  await standing.stop()
  await room.close()
})

const carriers = async (): Promise<number> =>
  (await room.store.db.selectFrom('commands').select('id').where('verb', '=', 'keep-standing-order').execute()).length

it('it takes a turn for a machine that has to hear of one, and none while all have', async () => {
  standing.nudge()
  await expect.poll(carriers).toBe(1)
  const after = turns
  for (let rounds = 0; rounds < 5; rounds += 1) {
    standing.nudge()
    await room.time.advance(seconds(5))
  }
  await standing.stop()
  expect([await carriers(), turns]).toEqual([1, after])
  expect(after).toBeGreaterThan(0)
})
