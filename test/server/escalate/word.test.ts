import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { hours, minutes } from '#shared/domain/time.ts'
import type { Opening } from '../../../server/desk/opening.ts'
import { type DeskRoom, openDeskRoom } from '../../support/desk-room.ts'
import { hire } from '../../support/staff.ts'

/* Whoever asked is not left without a word: P1 every 30 minutes, P3 once a working day (defaults §3). */

let room: DeskRoom
const ann = { id: 'ann', name: 'Ann' }

beforeEach(async () => {
  // A Monday, 09:00 in Berlin.
  room = await openDeskRoom({ startsAt: '2026-11-23T08:00:00Z' })
  await hire(room, 'ann', { name: 'Ann', teams: '["tier1","tier3"]' })
})
afterEach(() => room.close())

const open = (more: Partial<Opening> = {}) =>
  room.desk.open({
    ...{ organisationId: 'acme', title: 'Excel hangs', text: '', urgency: 'high', person: ann },
    ...{ requester: { name: 'Eva', mail: 'eva@acme.example' }, ...more },
  })
const pass = async (ms: number): Promise<void> => {
  room.time.jump(ms)
  await room.timers.idle()
}
const events = async (): Promise<string[]> => {
  const rows = await room.store.db.selectFrom('outbox').select('event').where('event', 'like', 'request.%').orderBy('created_at').execute()
  return rows.map(({ event }) => event.replace('request.', ''))
}
const wordAt = async (): Promise<number | undefined> => {
  const timers = room.store.db.selectFrom('timers').select('due_at').where('kind', '=', 'word').where('fired_at', 'is', null)
  return (await timers.where('cancelled_at', 'is', null).executeTakeFirst())?.due_at
}
const act = async () => {
  const { id, version } = await room.store.db.selectFrom('tickets').selectAll().executeTakeFirstOrThrow()
  return { ticketId: id, version, person: ann }
}
const urgent = { priority: 'P1' } as const

describe('a word to the requester', () => {
  it('comes every 30 minutes on a P1, whatever else nobody does', async () => {
    const id = await open()
    await room.desk.acknowledge(await act())
    await room.store.db.updateTable('tickets').set(urgent).where('id', '=', id).execute()
    await room.desk.comment({ ...(await act()), text: 'Still looking' })
    const before = (await events()).length
    const due = await wordAt()
    expect(due).toBe(room.time.now() + minutes(30))
    for (let half = 0; half < 3; half++) await pass(minutes(30))
    expect((await events()).slice(before)).toEqual(['stands', 'stands', 'stands'])
    const body = await room.store.db.selectFrom('outbox').select('body').where('event', '=', 'request.stands').executeTakeFirstOrThrow()
    expect(JSON.parse(body.body)).toMatchObject({ to: 'Eva', ticket: { owner: 'Ann', tier: expect.any(String) } })
  })

  it('counts in the hours of the promise, and from the last word that was said', async () => {
    await open()
    expect(await wordAt()).toBe(room.time.now() + hours(24))
    await pass(hours(2))
    await room.desk.acknowledge(await act())
    const taken = (await events()).length
    await room.desk.escalate({ ...(await act()), reason: 'expertise', tried: 'A restart', hypothesis: '', mayLeaveSecurity: false })
    expect((await events()).length).toBe(taken + 1)
    expect(await wordAt()).toBe(room.time.now() + hours(24))
  })

  it('stands still while the ticket waits, and ends with it', async () => {
    await open()
    await room.desk.acknowledge(await act())
    await room.desk.wait({ ...(await act()), waitingFor: 'vendor', until: null, note: '' })
    expect(await wordAt()).toBeUndefined()
    await room.desk.resume({ ...(await act()), note: '' })
    expect(await wordAt()).toBe(room.time.now() + hours(24))
    await room.desk.resolve({ ...(await act()), resolution: 'fixed', note: '' })
    expect(await wordAt()).toBeUndefined()
  })

  it('is owed to nobody where nobody asked, and while their organisation observes', async () => {
    await room.signals({ endpointId: 'srv', kind: 'health.disk.full', severity: 'high' })
    expect(await wordAt()).toBeUndefined()
    await room.store.db.updateTable('organisations').set({ mode: 'observe' }).where('id', '=', 'acme').execute()
    await open()
    expect(await wordAt()).toBeUndefined()
  })

  it('tells our own people nothing', async () => {
    await room.receivers.create({ name: 'desk', notifier: 'webhook', url: 'http://127.0.0.1:1', organisationId: null })
    await open()
    await pass(hours(24) + minutes(1))
    const rows = await room.store.db.selectFrom('outbox').select(['event', 'body']).execute()
    expect(rows.some(({ event }) => event === 'request.stands')).toBe(true)
    expect(rows.filter(({ event, body }) => event === 'ticket.reminded' && body.includes('"word"'))).toEqual([])
  })
})
