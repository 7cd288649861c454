import pino from 'pino'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { seconds, type Time } from '#shared/domain/time.ts'
import { createStanding, type StandingOrders } from '../../../server/command/standing/standing.ts'
import { createTurns } from '../../../server/pipeline/turns.ts'
import { type DeskRoom, openDeskRoom } from '../../support/desk-room.ts'
import { addStanding } from '../http/standing-world.ts'

/* Standing orders are looked at every five seconds; whoever writes waits for that only where there is something to do. */
let room: DeskRoom
let standing: StandingOrders
let turns = 0
/** How long a look takes, and how long it rests after each. */
let tookMs = 0
let rests: number[] = []
beforeEach(async () => {
  room = await openDeskRoom({ roles: { srv: 'server' } })
  await addStanding(room.store, room.time.now(), { mark: 'acme', organisation: 'acme' })
  const signatures = JSON.stringify([{ operator: 'Anna', kid: 'anna', at: 1, jws: 'signed' }])
  await room.store.db.updateTable('standing_orders').set({ state: 'signed', signatures }).execute()
  const { store } = room
  const one = createTurns(store.db)
  turns = 0
  standing = createStanding({
    ...{ store, time: timed(), log: pino({ level: 'silent' }), register: () => undefined, signStanding: async () => 'signed' },
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

function timed(): Time {
  const { time } = room
  let clock = 0
  const after: Time['after'] = (ms, run) => {
    rests.push(ms)
    return time.after(ms, run)
  }
  return { now: () => time.now(), after, monotonic: () => (clock += tookMs) }
}

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

it('it rests the longer the more a look takes, so that no fleet takes more than 2 % of a core', async () => {
  for (const [took, rest] of [
    [1, seconds(5)],
    [240, seconds(12)],
  ] as const) {
    tookMs = took
    rests = []
    standing.nudge()
    await expect.poll(() => rests).toEqual([rest])
  }
})
