import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { days, hours, minutes } from '#shared/domain/time.ts'
import { type DeskRoom, openDeskRoom } from '../../support/desk-room.ts'

const person = { id: 'person-1', name: 'Ada' }

let room: DeskRoom
beforeEach(async () => {
  room = await openDeskRoom()
})
afterEach(() => room.close())

const tickets = () => room.store.db.selectFrom('tickets').selectAll().orderBy('number').execute()
const entries = async (kind: string) =>
  (await room.store.db.selectFrom('timeline').selectAll().orderBy('at').orderBy('id').execute())
    .filter((entry) => entry.kind === kind)
    .map(({ body }) => JSON.parse(body) as Record<string, unknown>)
const act = async () => {
  const [ticket] = await tickets()
  if (!ticket) throw new Error('no ticket')
  return { ticketId: ticket.id, version: ticket.version, person }
}
const serviceDown = { kind: 'health.service.down', severity: 'high', endpointId: 'srv' } as const

describe('time-boxes', () => {
  it('of P1 count from arrival: a queue that nobody takes moves up by itself', async () => {
    await room.signals(
      { kind: 'some.thing', severity: 'critical', endpointId: 'unknown', fingerprint: 'x' },
      { kind: 'health.disk.full', severity: 'high', endpointId: 'core' },
    )
    expect(await tickets()).toMatchObject([
      { priority: 'P2', tier: 'tier1' },
      { priority: 'P1', tier: 'tier2' },
    ])
    await room.time.advance(minutes(15))
    expect(await tickets()).toMatchObject([{ tier: 'tier2' }, { tier: 'tier2' }])
    await room.time.advance(minutes(15))
    expect(await tickets()).toMatchObject([{ tier: 'tier2' }, { tier: 'tier3' }])
    expect(await entries('escalated')).toMatchObject([
      { reason: 'time-box', fromTier: 'tier1', toTier: 'tier2' },
      { reason: 'time-box', fromTier: 'tier2', toTier: 'tier3' },
    ])
  })

  it('of work start again with whoever takes it in the next tier', async () => {
    await room.signals({ endpointId: 'srv' })
    await room.desk.acknowledge(await act())
    await room.time.advance(minutes(15))
    expect(await tickets()).toMatchObject([{ tier: 'tier2', status: 'new' }])
    await room.time.advance(hours(8))
    expect(await tickets()).toMatchObject([{ tier: 'tier2' }])
    await room.desk.acknowledge(await act())
    room.time.jump(hours(24))
    await room.time.advance(minutes(1))
    expect(await tickets()).toMatchObject([{ tier: 'tier3' }])
  })

  it('of the last tier stay, and say that somebody should look', async () => {
    await room.signals({ ...serviceDown, endpointId: 'core' })
    await room.time.advance(minutes(60))
    expect(await tickets()).toMatchObject([{ tier: 'tier3', priority: 'P1' }])
    expect(await entries('reviewed')).toMatchObject([{ why: 'time-box' }])
  })
})

describe('promises', () => {
  it('that nobody keeps are broken at their instant, once', async () => {
    await room.signals(serviceDown)
    await room.time.advance(minutes(30))
    await room.time.advance(minutes(30))
    expect(await entries('promise-broken')).toMatchObject([{ promise: 'respond', lateMs: 0 }])
    room.time.jump(days(1))
    await room.time.advance(minutes(1))
    expect(await entries('promise-broken')).toMatchObject([{ promise: 'respond' }, { promise: 'resolve' }])
  })

  it('come nearer when something worse joins, and never further', async () => {
    await room.signals({ endpointId: 'srv' })
    const [before] = await tickets()
    await room.signals({ endpointId: 'srv', severity: 'high' })
    const [after] = await tickets()
    expect(after).toMatchObject({ priority: 'P2', team: 'tier2', status: 'new' })
    expect(after?.respond_by).toBeLessThan(before?.respond_by ?? 0)
    expect(after?.resolve_by).toBeLessThan(before?.resolve_by ?? 0)
    await room.signals({ endpointId: 'srv' })
    expect(await tickets()).toMatchObject([{ priority: 'P2', respond_by: after?.respond_by }])
  })
})

describe('every open ticket has a next timer', () => {
  it('for as long as nobody ends it', async () => {
    await room.signals({ endpointId: 'srv' }, { kind: 'security.thing', severity: 'critical' }, serviceDown)
    for (let day = 0; day < 12; day += 1) {
      room.time.jump(hours(23))
      await room.time.advance(minutes(2))
      const open = await room.store.db
        .selectFrom('tickets')
        .leftJoin('timers', (join) =>
          join.onRef('timers.ticket_id', '=', 'tickets.id').on('fired_at', 'is', null).on('cancelled_at', 'is', null),
        )
        .select(['tickets.number', 'timers.kind'])
        .where('status', '!=', 'resolved')
        .execute()
      expect(open.filter(({ kind }) => kind === null)).toEqual([])
    }
    expect((await entries('reviewed')).length).toBeGreaterThan(2)
  })
})

describe('firing', () => {
  it('happens once, however often it is asked for', async () => {
    await room.signals(serviceDown)
    room.time.jump(minutes(40))
    await Promise.all([room.timers.idle(), room.timers.idle(), room.timers.idle()])
    await room.timers.idle()
    expect(await entries('promise-broken')).toHaveLength(1)
  })

  it('happens after a restart for what came due while the collector was down', async () => {
    await room.signals({ endpointId: 'srv' })
    await room.desk.acknowledge(await act())
    await room.timers.stop()
    room.time.jump(minutes(20))
    room = await room.restart()
    await room.timers.idle()
    expect(await tickets()).toMatchObject([{ tier: 'tier2' }])
    expect(await entries('escalated')).toHaveLength(1)
  })

  it('sleeps no longer than a timeout of the runtime can hold, and still wakes in months', async () => {
    await room.signals({ endpointId: 'srv' })
    await room.store.db
      .updateTable('timers')
      .set({ due_at: room.time.now() + days(60) })
      .where('kind', '=', 'resolve-due')
      .execute()
    room.time.jump(days(60) - minutes(1))
    await room.time.advance(minutes(2))
    expect(await entries('promise-broken')).toHaveLength(2)
  })

  it('of one that fails holds up no other, and a ticket says so', async () => {
    await room.signals({ endpointId: 'srv' }, serviceDown)
    await room.receivers.create({ name: 'dead', notifier: 'webhook', url: 'http://127.0.0.1:9/', organisationId: 'acme' })
    await room.store.db.updateTable('tickets').set({ reasons: 'no JSON' }).where('kind', '=', 'health.disk.full').execute()
    room.time.jump(minutes(91))
    await room.timers.idle()
    await room.pipeline.idle()
    expect((await tickets()).map(({ kind }) => kind)).toContain('system.timers.put-aside')
    expect(await entries('promise-broken')).toMatchObject([{ promise: 'respond' }])
    await room.timers.idle()
    const ours = (await tickets()).filter(({ kind }) => kind.startsWith('system.')).map(({ fingerprint }) => fingerprint)
    expect(ours.sort()).toEqual(['system.timers.put-aside:promise-share'])
  })
})

describe('the digest', () => {
  it('goes out at 08:00 of the organisation’s clock, once, with what came since', async () => {
    await room.receivers.create({ name: 'all', notifier: 'webhook', url: 'http://127.0.0.1:1', organisationId: null })
    const note = { kind: 'backup.note', severity: 'low', state: 'happened' } as const
    await room.signals(
      { ...note, summary: 'one' },
      { ...note, summary: 'two' },
      { kind: 'security.note', severity: 'low', summary: 'three' },
    )
    room.time.jump(hours(22))
    await room.time.advance(minutes(59))
    const digests = () => room.store.db.selectFrom('outbox').select('body').where('event', '=', 'digest').execute()
    expect(await digests()).toEqual([])
    await room.time.advance(minutes(1))
    const sent = (await digests()).map(({ body }) => JSON.parse(body) as { team: string; count: number; lines: { summary: string }[] })
    expect(sent.map(({ team, count }) => [team, count]).sort()).toEqual([
      ['security', 1],
      ['tier1', 2],
    ])
    room.time.jump(days(1))
    await room.time.advance(minutes(2))
    expect(await digests()).toHaveLength(2)
  })
})
