import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { days, hours, minutes } from '#shared/domain/time.ts'
import type { TicketsTable } from '../../../server/store/tables/ticket.ts'
import { type DeskRoom, openDeskRoom } from '../../support/desk-room.ts'

/* Monday 09:00 in Berlin; the office works Monday to Friday, 08:00 to 18:00. */

const person = { id: 'person-1', name: 'Ada' }
const customer = { id: 'person-9', name: 'Grace' }
let room: DeskRoom
beforeEach(async () => {
  room = await openDeskRoom()
})
afterEach(() => room.close())

const only = (): Promise<TicketsTable> => room.store.db.selectFrom('tickets').selectAll().executeTakeFirstOrThrow()
const act = async () => {
  const { id, version } = await only()
  return { ticketId: id, version, person }
}
const timers = async () => {
  const open = room.store.db.selectFrom('timers').select('kind').where('fired_at', 'is', null).where('cancelled_at', 'is', null)
  return (await open.where('ticket_id', 'is not', null).orderBy('kind').execute()).map(({ kind }) => kind)
}
const entries = async (kind: string) => {
  const rows = await room.store.db.selectFrom('timeline').select(['kind', 'body']).orderBy('at').orderBy('id').execute()
  return rows.filter((row) => row.kind === kind).map(({ body }) => JSON.parse(body) as Record<string, unknown>)
}
const waitFor = async (waitingFor: 'customer' | 'vendor' | 'appointment' | 'window', until: number | null = null) =>
  room.desk.wait({ ...(await act()), waitingFor, until, note: '' })
/** A P3 of a server, in tier1, taken at 09:10. */
const takenAt0910 = async () => {
  await room.signals({ endpointId: 'srv' })
  await room.time.advance(minutes(10))
  await room.desk.acknowledge(await act())
}
/** Slowly enough for what comes due on the way. */
const pass = async (ms: number) => {
  room.time.jump(ms - minutes(1))
  await room.time.advance(minutes(1))
  await room.timers.idle()
}

describe('while a ticket waits', () => {
  it('nothing it owes runs, and afterwards what was left of everything does', async () => {
    await takenAt0910()
    await room.time.advance(minutes(5))
    const before = await only()
    expect(await waitFor('customer')).toMatchObject({ kind: 'done' })
    expect(await only()).toMatchObject({ status: 'waiting', waiting_for: 'customer', waiting_since: room.time.now() })
    expect(await timers()).toEqual(['wait-due'])
    // A day and an hour: ten hours of the office's and one.
    await pass(days(1) + hours(1))
    expect(await only()).toMatchObject({ tier: 'tier1', status: 'waiting' })
    expect(await room.desk.resume({ ...(await act()), note: 'They sent it' })).toMatchObject({ kind: 'done' })
    const after = await only()
    expect(after).toMatchObject({ status: 'acknowledged', owner_id: 'person-1', waiting_for: null, waiting_since: null, box_by: null })
    // Wednesday 09:00 was owed, and eleven hours of the office's have passed since: Thursday 10:00.
    expect((after.resolve_by ?? 0) - (before.resolve_by ?? 0)).toBe(days(1) + hours(1))
    expect(await timers()).toEqual(['promise-share', 'resolve-due', 'time-box', 'untouched'])
    // Ten minutes of the box of work were left.
    await room.time.advance(minutes(10) - 1)
    expect(await only()).toMatchObject({ tier: 'tier1' })
    await room.time.advance(1)
    expect(await only()).toMatchObject({ tier: 'tier2' })
  })

  it('the wait survives a change of priority', async () => {
    await takenAt0910()
    await waitFor('customer')
    await room.time.advance(hours(2))
    await room.signals({ endpointId: 'srv', severity: 'high' })
    expect(await only()).toMatchObject({ status: 'waiting', priority: 'P2', team: 'tier2', waiting_for: 'customer' })
    expect(await timers()).toEqual(['wait-due'])
    await room.time.advance(hours(2))
    await room.desk.resume({ ...(await act()), note: '' })
    // All of the eight hours of a P2 are there still: it is 13:10, and they end on the next day.
    expect((await only()).resolve_by).toBe(room.time.now() + hours(4) + minutes(50) + hours(14) + hours(3) + minutes(10))
    expect(await entries('promise-broken')).toEqual([])
  })

  it('no attack waits for anybody', async () => {
    await takenAt0910()
    await waitFor('vendor')
    await room.store.db.updateTable('tickets').set({ fingerprint: 'f' }).execute()
    await room.signals({ endpointId: 'srv', kind: 'security.thing', severity: 'critical', fingerprint: 'f' })
    expect(await only()).toMatchObject({ status: 'new', tier: 'security', priority: 'P1', waiting_for: null, waiting_since: null })
    expect(await entries('resumed')).toMatchObject([{ waitedFor: 'vendor', why: 'it moved' }])
    expect(await timers()).not.toContain('wait-due')
    expect(await timers()).toContain('time-box')
  })

  it('the customer’s answer ends a wait for them, and for nobody else', async () => {
    await takenAt0910()
    await waitFor('customer')
    const { id: ticketId } = await only()
    await room.desk.hearCustomer({ ticketId, person: customer, text: 'Here it is' })
    expect(await only()).toMatchObject({ status: 'acknowledged', waiting_for: null })
    await waitFor('vendor')
    await room.desk.hearCustomer({ ticketId, person: customer, text: 'And?' })
    expect(await only()).toMatchObject({ status: 'waiting', waiting_for: 'vendor' })
  })

  it('a customer is reminded after 2, 5 and 10 working days, then it closes, and an answer opens it again', async () => {
    await takenAt0910()
    await waitFor('customer')
    const said: [number, number][] = []
    for (let day = 1; day <= 18 && (await only()).status === 'waiting'; day += 1) {
      await pass(days(1))
      const count = (await entries('reminded')).length
      if (count > said.length) said.push([day, count])
    }
    // From a Monday: Wednesday, the next Monday, the Monday after that; closed on Wednesday.
    expect(said).toEqual([
      [2, 1],
      [7, 2],
      [14, 3],
    ])
    expect(await entries('reminded')).toMatchObject([{ what: 'customer', count: 1, of: 3 }, { count: 2 }, { count: 3 }])
    expect(await only()).toMatchObject({ status: 'resolved', resolution: 'unanswered' })
    expect(await timers()).toEqual([])
    await room.desk.hearCustomer({ ticketId: (await only()).id, person: customer, text: 'I was away' })
    expect(await only()).toMatchObject({ status: 'new', resolution: null, owner_id: null })
    expect(await timers()).toContain('respond-due')
  })

  it('of reminders that were missed, one is said', async () => {
    await takenAt0910()
    await waitFor('customer')
    room.time.jump(days(8))
    await room.timers.idle()
    expect(await entries('reminded')).toMatchObject([{ what: 'customer', count: 2, of: 3 }])
    expect(await timers()).toEqual(['wait-due'])
  })

  it('a vendor has twice the time to resolve, and is then chased, again and again', async () => {
    await takenAt0910()
    await waitFor('vendor')
    // 40 hours of the office's are four working days.
    await pass(days(4) - minutes(1))
    expect(await entries('reminded')).toEqual([])
    await pass(minutes(2))
    expect(await entries('reminded')).toMatchObject([{ what: 'vendor', tell: 'owner' }])
    expect(await only()).toMatchObject({ status: 'waiting' })
    expect(await timers()).toEqual(['wait-due'])
  })

  it.each(['appointment', 'window'] as const)('an %s ends by itself at its instant', async (waitingFor) => {
    await takenAt0910()
    const until = room.time.now() + hours(3)
    expect(await waitFor(waitingFor, until)).toMatchObject({ kind: 'done' })
    await room.time.advance(hours(3))
    expect(await only()).toMatchObject({ status: 'acknowledged', owner_id: 'person-1', waiting_for: null })
    expect(await entries('resumed')).toMatchObject([{ waitedFor: waitingFor, why: 'it is time' }])
    expect(await timers()).toEqual(['promise-share', 'resolve-due', 'time-box', 'untouched'])
  })

  it('what can’t be waited for is refused with what to do', async () => {
    await room.signals({ endpointId: 'srv' })
    expect(await waitFor('customer')).toEqual({ kind: 'illegal', legal: ['acknowledge', 'resolve', 'escalate'] })
    await room.desk.acknowledge(await act())
    expect(await waitFor('appointment')).toMatchObject({ kind: 'refused', reason: expect.stringContaining('until when') })
    expect(await waitFor('window', room.time.now())).toMatchObject({ kind: 'refused' })
    expect(await waitFor('customer', room.time.now() + 1)).toMatchObject({ kind: 'refused' })
    expect(await room.desk.resume({ ...(await act()), note: '' })).toEqual({ kind: 'illegal', legal: ['wait', 'resolve', 'escalate'] })
  })

  it('it may end, and a promise that stood still was kept', async () => {
    await takenAt0910()
    await waitFor('vendor')
    room.time.jump(days(3))
    await room.desk.resolve({ ...(await act()), resolution: 'fixed', note: '' })
    expect(await entries('promise-kept')).toMatchObject([{ promise: 'respond' }, { promise: 'resolve' }])
    expect(await only()).toMatchObject({ waiting_for: null, waiting_since: null })
    expect(await timers()).toEqual([])
  })
})

describe('reminders', () => {
  it('come at shares of a promise, in its calendar', async () => {
    // P2: eight hours, from Monday 09:00; tier2's box of work doesn't begin before somebody takes it.
    await room.signals({ endpointId: 'srv', kind: 'health.service.down', severity: 'high' })
    const at: [string, unknown][] = []
    for (let quarter = 0; quarter < 4 * 9; quarter += 1) {
      await room.time.advance(minutes(15))
      for (const { promise, percent } of (await entries('reminded')).slice(at.length))
        at.push([new Date(room.time.now() + hours(1)).toISOString().slice(11, 16), `${promise} ${percent}`])
    }
    expect(at).toEqual([
      ['09:15', 'respond 50'],
      ['15:00', 'resolve 75'],
      ['16:15', 'resolve 90'],
    ])
    expect(await entries('promise-broken')).toMatchObject([
      { promise: 'respond', tell: 'lead' },
      { promise: 'resolve', tell: 'lead' },
    ])
  })

  it('come when somebody took it and nobody touched it since, and again; a touch begins anew', async () => {
    await room.signals({ endpointId: 'core', kind: 'health.service.down', severity: 'high' })
    await room.desk.acknowledge(await act())
    const untouched = async () => (await entries('reminded')).filter(({ what }) => what === 'untouched')
    await room.time.advance(minutes(10))
    await room.desk.comment({ ...(await act()), text: 'Looking' })
    await room.time.advance(minutes(15) - 1)
    expect(await untouched()).toEqual([])
    await room.time.advance(1)
    expect(await untouched()).toMatchObject([{ tell: 'owner', page: true }])
    await room.time.advance(minutes(5))
    expect(await untouched()).toMatchObject([{ tell: 'owner' }, { tell: 'second', page: true }])
  })
})
