import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { hours, minutes } from '#shared/domain/time.ts'
import { createAudit } from '../../../server/audit/audit.ts'
import type { Opening } from '../../../server/desk/opening.ts'
import { createPeople } from '../../../server/people/people.ts'
import { sentence } from '../../../server/ticket/sentences.ts'
import { type DeskRoom, openDeskRoom } from '../../support/desk-room.ts'
import { hire } from '../../support/staff.ts'

/* A VIP has a technician by name and hears sooner, and never another priority. */

let room: DeskRoom
const ann = { id: 'ann', name: 'Ann' }
const eva = { name: 'Eva', mail: 'eva@acme.example' }

beforeEach(async () => {
  // A Monday, 09:00 in Berlin.
  room = await openDeskRoom({ startsAt: '2026-11-23T08:00:00Z' })
  await hire(room, 'ann', { name: 'Ann', teams: '["tier1"]' })
  await hire(room, 'zoe', { name: 'Zoe', teams: '["tier2"]' })
  await hire(room, 'sam', { name: 'Sam', teams: '["security"]' })
})
afterEach(() => room.close())

const open = (more: Partial<Opening> = {}): Promise<string> =>
  room.desk.open({ organisationId: 'acme', title: 'Excel hangs', text: '', urgency: 'high', requester: eva, person: ann, ...more })
const mark = (technicianId: string | null) =>
  room.desk.putRequester({ organisationId: 'acme', ...eva, vip: technicianId === null ? null : { technicianId } })
const ticket = (id: string) => room.store.db.selectFrom('tickets').selectAll().where('id', '=', id).executeTakeFirstOrThrow()
const wordAfter = async (id: string): Promise<number> => {
  const timers = room.store.db.selectFrom('timers').select('due_at').where('ticket_id', '=', id).where('kind', '=', 'word')
  const { due_at } = await timers.where('fired_at', 'is', null).where('cancelled_at', 'is', null).executeTakeFirstOrThrow()
  return due_at - room.time.now()
}
const given = async (id: string): Promise<string | undefined> => {
  const rows = room.store.db.selectFrom('timeline').selectAll().where('ticket_id', '=', id).where('kind', '=', 'assigned')
  const row = await rows.orderBy('at', 'desc').executeTakeFirst()
  return row && sentence({ ...row, body: JSON.parse(row.body) as Record<string, unknown> })
}

describe('what a VIP asks for', () => {
  it('is with their technician and heard of twice as often, and has the priority and the promises of everybody’s', async () => {
    const cases = [{ urgency: 'high' }, { urgency: 'medium' }, { urgency: 'low' }, { urgency: 'high', affects: 'everyone' }] as const
    const before = await Promise.all(cases.map(async (each) => ticket(await open(each))))
    const words = await Promise.all(before.map(({ id }) => wordAfter(id)))
    await mark('zoe')
    for (const [nth, each] of cases.entries()) {
      const id = await open(each)
      const { priority, impact, urgency, respond_by, resolve_by, team, rule, owner_id } = await ticket(id)
      const was = before[nth]
      expect({ priority, impact, urgency, respond_by, resolve_by, team, rule }).toEqual({
        ...{ priority: was?.priority, impact: was?.impact, urgency: was?.urgency },
        ...{ respond_by: was?.respond_by, resolve_by: was?.resolve_by, team: was?.team, rule: was?.rule },
      })
      expect([was?.owner_id, owner_id]).toEqual(['ann', 'zoe'])
      expect(await wordAfter(id)).toBeLessThan(words[nth] ?? 0)
      expect(await given(id)).toBe('Given to Zoe, the technician of whoever asked.')
    }
  })

  it('goes to somebody else while their technician is away, and says why', async () => {
    await mark('zoe')
    await room.store.db
      .insertInto('absences')
      .values({ id: 'holiday', person_id: 'zoe', from_at: 0, until_at: room.time.now() + hours(1), created_at: 0 })
      .execute()
    const id = await open()
    expect(await ticket(id)).toMatchObject({ owner_id: 'ann' })
    expect(await given(id)).toBe('Given to Ann. Zoe, the technician of whoever asked, is not there or has no room.')
  })

  it('is for security where it is about an attack, whoever is named', async () => {
    await mark('zoe')
    const { team, owner_id } = await ticket(await open({ title: 'I clicked something' }))
    expect([team, owner_id]).toEqual(['security', 'sam'])
  })

  it('is heard of sooner from the moment on at which they became one; what was planned stays when they are none any more', async () => {
    const id = await open()
    const before = { ...(await ticket(id)), word: await wordAfter(id) }
    await room.time.advance(minutes(1))
    expect(await mark('zoe')).toMatchObject({ kind: 'kept', requester: { vip: { technicianId: 'zoe' } } })
    const sooner = await wordAfter(id)
    expect(sooner).toBeLessThan(before.word / 2)
    expect(await ticket(id)).toMatchObject({ priority: before.priority, owner_id: before.owner_id, resolve_by: before.resolve_by })
    await mark(null)
    expect(await wordAfter(id)).toBe(sooner)
    expect(await ticket(await open())).toMatchObject({ owner_id: 'ann' })
  })

  it('goes to anybody once their technician has left, and they still hear sooner', async () => {
    await mark('zoe')
    const people = createPeople({ store: room.store, time: room.time, audit: createAudit({ time: room.time }) })
    expect(await people.disablePerson('zoe')).toEqual({ kind: 'disabled', vips: ['Eva'] })
    const id = await open()
    expect(await ticket(id)).toMatchObject({ owner_id: 'ann' })
    expect(await given(id)).toBe('Given to Ann.')
    const other = await open({ requester: { name: 'Udo', mail: 'udo@acme.example' } })
    expect(await wordAfter(id)).toBeLessThan(await wordAfter(other))
  })
})

it('nobody is named who is not of the provider, or can’t sign in, and a request by mail changes nothing of it', async () => {
  await hire(room, 'ivan', { teams: '["customer-it"]', organisation_id: 'acme' })
  await hire(room, 'gone', { teams: '["tier1"]', disabled_at: 1 })
  for (const id of ['ivan', 'gone', 'nobody'])
    expect(await mark(id)).toMatchObject({ kind: 'refused', reason: expect.stringContaining('name somebody else') })
  await mark('zoe')
  await open()
  const rows = room.store.db.selectFrom('requesters').select(['is_vip', 'technician_id'])
  expect(await rows.execute()).toEqual([{ is_vip: 1, technician_id: 'zoe' }])
})
