import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { minutes, seconds } from '#shared/domain/time.ts'
import { readHistory } from '../../../server/rehearsal/history.ts'
import { playAgain } from '../../../server/rehearsal/play-again.ts'
import { type DeskRoom, openDeskRoom } from '../../support/desk-room.ts'
import { hire } from '../../support/staff.ts'

let room: DeskRoom
beforeEach(async () => {
  room = await openDeskRoom({ startsAt: '2026-11-23T09:00:00+01:00' })
  await hire(room, 'eve', { teams: '["tier1","tier2"]', leads: '["tier1"]', is_admin: 1, ways: ['http://127.0.0.1:9/eve'] })
})
afterEach(() => room.close())

const disk = { kind: 'health.disk.full', endpointId: 'srv', severity: 'medium' } as const
const kinds = async (): Promise<string[]> => {
  const lines = room.store.db.selectFrom('timeline').select('kind').where('at', '=', room.time.now())
  return (await lines.orderBy('id').execute()).map(({ kind }) => kind).filter((kind) => kind !== 'notified')
}
const differences = async () => playAgain(await readHistory(room.store.reader)).differing.flatMap((each) => each.differences)

/** At 75 % of two hours somebody is reminded. */
const untilReminded = minutes(90)

describe('a signal and a timer of one instant, played again, keep the order in which they were decided', () => {
  it('the signal first', async () => {
    await room.signals(disk)
    room.time.jump(untilReminded)
    await room.signals(disk)
    room.timers.replan()
    await room.time.advance(0)
    expect(await kinds()).toEqual(['signal-joined', 'reminded'])
    await room.time.advance(seconds(1))
    expect(await differences()).toEqual([])
  })

  it('the timer first', async () => {
    await room.signals(disk)
    await room.time.advance(untilReminded)
    await room.signals(disk)
    expect(await kinds()).toEqual(['reminded', 'signal-joined'])
    await room.time.advance(seconds(1))
    expect(await differences()).toEqual([])
  })
})
