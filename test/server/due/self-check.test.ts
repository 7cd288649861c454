import pino from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { days, hours, minutes, seconds } from '#shared/domain/time.ts'
import { type SelfCheck, startSelfCheck } from '../../../server/due/self-check.ts'
import { readRules } from '../../../server/pipeline/keep.ts'
import { createTurns } from '../../../server/pipeline/turns.ts'
import { type DeskRoom, openDeskRoom } from '../../support/desk-room.ts'
import { letMachinesBeLoud } from '../../support/loud-machines.ts'

let room: DeskRoom
let check: SelfCheck
beforeEach(async () => {
  room = await openDeskRoom()
  const { store, time } = room
  check = startSelfCheck({
    ...{ store, time, rules: readRules(room.matrix), log: pino({ level: 'silent' }), turns: createTurns(store.db) },
    afterCommit: () => room.timers.replan(),
    onRaised: () => room.pipeline.nudge(true),
  })
})
afterEach(async () => {
  await check.stop()
  await room.close()
})

const kinds = async () => (await room.store.db.selectFrom('tickets').select('kind').orderBy('number').execute()).map(({ kind }) => kind)
const ofLate = () => room.store.db.selectFrom('tickets').selectAll().where('kind', '=', 'system.timers.late').executeTakeFirst()
const openTimers = () => room.store.db.selectFrom('timers').selectAll().where('fired_at', 'is', null).where('cancelled_at', 'is', null)
/** The check's own work is no loop that the fake time waits for. */
const soon = async (condition: () => Promise<boolean>) => {
  for (let turn = 0; turn < 200 && !(await condition()); turn += 1) await new Promise((done) => setTimeout(done, 10))
  await room.pipeline.idle()
}

describe('every minute', () => {
  it('a ticket on which nothing is due gets a review, and a ticket of ours says so', async () => {
    await room.signals({ endpointId: 'srv' })
    expect(await check.look()).toBe(0)
    await room.store.db.updateTable('timers').set({ cancelled_at: 1 }).execute()
    expect(await check.look()).toBe(1)
    await room.pipeline.idle()
    expect(await kinds()).toEqual(['health.disk.full', 'system.timers.missing'])
    const disk = await room.store.db.selectFrom('tickets').select('id').where('kind', '=', 'health.disk.full').executeTakeFirstOrThrow()
    expect(await openTimers().where('ticket_id', '=', disk.id).execute()).toMatchObject([{ kind: 'review' }])
    expect(await check.look()).toBe(0)
  })

  it('timers that stay late are a P1 of ours, until they are in time again', async () => {
    await room.signals({ endpointId: 'srv' })
    await room.timers.stop()
    room.time.jump(hours(3))
    await room.time.advance(minutes(1))
    await soon(async () => false)
    expect(await ofLate()).toBeUndefined()
    await room.time.advance(seconds(5))
    await soon(
      async () => (await room.store.db.selectFrom('signals').select('id').where('kind', '=', 'system.timers.late').execute()).length > 0,
    )
    expect(await ofLate()).toMatchObject({ priority: 'P1', team: 'admin', is_standing: 1 })
    await room.store.db.updateTable('timers').set({ fired_at: 1 }).where('due_at', '<', room.time.now()).execute()
    await check.look()
    await room.pipeline.idle()
    expect(await ofLate()).toMatchObject({ is_standing: 0 })
  }, 20_000)
})

describe('after a day without a collector', () => {
  it('everything fires once, and one notice tells of it all', async () => {
    await room.receivers.create({ name: 'all', notifier: 'webhook', url: 'http://127.0.0.1:9/', organisationId: null })
    await letMachinesBeLoud(room)
    await room.signals(...Array.from({ length: 30 }, (_, index) => ({ endpointId: 'srv', fingerprint: `f${index}` })))
    await room.store.db.deleteFrom('outbox').execute()
    await room.timers.stop()
    room.time.jump(days(1))
    room = await room.restart()
    await room.timers.idle()
    const told = () => room.store.db.selectFrom('outbox').select(['event', 'body']).execute()
    expect(await told()).toEqual([])
    await room.time.advance(minutes(1))
    await room.timers.idle()
    const notices = (await told()).filter(({ event }) => event !== 'digest')
    expect(notices.map(({ event }) => event)).toEqual(['caught-up'])
    expect(JSON.parse(notices[0]?.body ?? '')).toMatchObject({ ticketCount: 30, counts: { 'promise-broken': 30 }, tickets: { length: 20 } })
    const broken = await room.store.db.selectFrom('timeline').select('id').where('kind', '=', 'promise-broken').execute()
    expect(broken).toHaveLength(30)
  })
})
