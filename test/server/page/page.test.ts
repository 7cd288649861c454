import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { minutes, seconds } from '#shared/domain/time.ts'
import { type DeskRoom, openDeskRoom } from '../../support/desk-room.ts'
import { type Listener, startListener } from '../../support/listener.ts'
import { hire } from '../../support/staff.ts'

let room: DeskRoom
let phones: Listener
/** A telephone that is off. */
let dead: Listener

const P1 = {
  endpointId: 'srv',
  kind: 'security.ransomware.canary',
  severity: 'critical',
  state: 'happened',
  facts: { change: 'edited' },
} as const

beforeEach(async () => {
  room = await openDeskRoom()
  phones = await startListener()
  dead = await startListener()
  dead.status = 503
})
afterEach(async () => {
  await room.close()
  await phones[Symbol.asyncDispose]()
  await dead[Symbol.asyncDispose]()
})

/** Whose telephones rang since the last time somebody asked. */
const rang = async (): Promise<string[]> => {
  await room.outbox.idle()
  return phones.posts.splice(0).map(({ path }) => path.slice(1))
}
const pass = async (ms: number): Promise<void> => {
  for (let left = ms; left > 0; left -= seconds(10)) {
    room.time.jump(Math.min(left, seconds(10)))
    await room.timers.idle()
    await room.outbox.idle()
  }
}
const ticket = () => room.store.db.selectFrom('tickets').selectAll().orderBy('number').executeTakeFirstOrThrow()
const acknowledge = async (): Promise<void> => {
  const { id, version } = await ticket()
  await room.desk.acknowledge({ ticketId: id, version, person: { id: 'ann', name: 'ann' } })
}
const team = async (): Promise<void> => {
  for (const id of ['ann', 'bob', 'cid']) await hire(room, id, { ways: [`${phones.url}${id}`] })
  await hire(room, 'adm', { teams: '[]', is_admin: 1, ways: [`${phones.url}adm`] })
}

describe('a P1 that nobody acknowledges', () => {
  it('calls on and on, wider and wider: on call, second, the whole team and the admins, without end', async () => {
    await team()
    await room.signals(P1)
    expect(await rang()).toEqual(['ann'])
    await pass(minutes(2))
    expect(await rang()).toEqual(['ann'])
    await pass(minutes(2))
    expect(await rang()).toEqual(['ann'])
    await pass(minutes(1) + seconds(10))
    // Ann was called a minute ago: her next one waits until two have passed.
    expect(await rang()).toEqual(['bob'])
    await pass(minutes(5))
    expect(new Set(await rang())).toEqual(new Set(['ann', 'bob', 'cid', 'adm']))
    await pass(minutes(60))
    const hour = await rang()
    expect(hour.filter((who) => who === 'adm').length).toBeGreaterThanOrEqual(11)
  })

  it('is quiet at once when somebody acknowledges, and stays so', async () => {
    await team()
    await room.signals(P1)
    await rang()
    await acknowledge()
    await pass(minutes(14))
    expect(await rang()).toEqual([])
    const open = await room.store.db
      .selectFrom('timers')
      .select('kind')
      .where('kind', '=', 'page')
      .where('cancelled_at', 'is', null)
      .where('fired_at', 'is', null)
      .execute()
    expect(open).toEqual([])
  })

  it('goes on after a crash where it was, and calls nobody for what was missed', async () => {
    await team()
    await room.signals(P1)
    await rang()
    room.time.jump(minutes(45))
    room = await room.restart()
    await room.timers.idle()
    expect((await rang()).toSorted()).toEqual(['adm', 'ann', 'bob', 'cid'])
    await pass(minutes(5))
    expect((await rang()).toSorted()).toEqual(['adm', 'ann', 'bob', 'cid'])
  })

  it('begins anew with the people of the team that it moves to', async () => {
    await team()
    await hire(room, 'tom', { teams: '["tier3"]', ways: [`${phones.url}tom`] })
    await room.signals(P1)
    await rang()
    const { id } = await ticket()
    await room.store.db
      .updateTable('tickets')
      .set({ team: 'tier3', in_tier_since: room.time.now() + 1 })
      .where('id', '=', id)
      .execute()
    await pass(minutes(2))
    expect(await rang()).toEqual(['tom'])
  })
})

describe('a page', () => {
  it('that is not accepted in a minute goes by the next way, then to the next person', async () => {
    await hire(room, 'ann', { ways: [`${dead.url}ann-1`, `${dead.url}ann-2`] })
    await hire(room, 'bob', { ways: [`${phones.url}bob`] })
    await room.signals(P1)
    expect(await rang()).toEqual([])
    await pass(seconds(50))
    expect(new Set(dead.posts.map(({ path }) => path))).toEqual(new Set(['/ann-1']))
    await pass(seconds(10))
    expect(new Set(dead.posts.map(({ path }) => path))).toEqual(new Set(['/ann-1', '/ann-2']))
    expect(await rang()).toEqual([])
    await pass(minutes(1))
    expect(await rang()).toEqual(['bob'])
  })

  it('that nobody accepts is a trouble of our own', async () => {
    await hire(room, 'ann', { ways: [`${dead.url}ann`] })
    await room.signals(P1)
    await pass(minutes(2))
    await room.pipeline.idle()
    expect((await room.store.db.selectFrom('tickets').select('kind').execute()).map(({ kind }) => kind)).toContain('system.paging.dead')
  })

  it('comes once in two minutes to one person; more are bundled', async () => {
    await hire(room, 'ann', { ways: [`${phones.url}ann`] })
    for (let nth = 1; nth <= 7; nth += 1) await room.signals({ ...P1, fingerprint: `canary-${nth}`, summary: `canary ${nth}` })
    await room.outbox.idle()
    expect(phones.posts).toHaveLength(1)
    await pass(minutes(2) - seconds(10))
    expect(phones.posts).toHaveLength(1)
    await pass(seconds(10))
    expect(phones.posts).toHaveLength(2)
    const { text } = JSON.parse(phones.posts[1]?.body ?? '{}') as { text: string }
    expect(text).toMatch(/^7 P1, newest: P1 #7 canary 7/)
  })

  it('to a team whose rota is empty goes to the whole team, and is a trouble of our own', async () => {
    await team()
    const rota = { person_ids: '["ann"]', starts_on: '2026-11-01', hand_over: '09:00', every_days: 7, time_zone: 'UTC', created_at: 1 }
    await room.store.db
      .insertInto('rotations')
      .values({ id: 'r', team: 'security', ...rota })
      .execute()
    const span = { person_id: 'ann', from_at: 0, until_at: room.time.now() + minutes(60), created_at: 0 }
    await room.store.db
      .insertInto('absences')
      .values({ id: 'a', ...span })
      .execute()
    await room.signals(P1)
    await room.pipeline.idle()
    expect(await rang()).toContain('bob')
    expect((await room.store.db.selectFrom('tickets').select('kind').execute()).map(({ kind }) => kind)).toContain('system.paging.nobody')
  })

  it('that asks whether to isolate says what is known, until when, what happens then, and where to answer', async () => {
    await hire(room, 'ann', { ways: [`${phones.url}ann`] })
    await room.signals({ ...P1, facts: { change: 'unreadable' }, summary: 'Files are being encrypted' })
    await room.outbox.idle()
    const body = phones.posts[0]?.body ?? ''
    expect(phones.posts).toHaveLength(1)
    expect(body).toContain('Files are being encrypted')
    expect(body).toContain('Shall this machine be isolated? If nobody answers, it is isolated at 08:03 UTC.')
    expect(body).toContain(`https://rmm.example.org/tickets/${(await ticket()).id}`)
  })

  it('is not for people of another organisation', async () => {
    await hire(room, 'eve', { organisation_id: 'other', ways: [`${phones.url}eve`] })
    await hire(room, 'ann', { ways: [`${phones.url}ann`] })
    await room.signals(P1)
    await pass(minutes(15))
    expect(new Set(await rang())).toEqual(new Set(['ann']))
  })

  it('of a plan that sleeps at night waits for the morning', async () => {
    await room.close()
    room = await openDeskRoom({ startsAt: '2026-11-22T03:00:00+01:00' })
    await hire(room, 'tom', { teams: '["tier3"]', ways: [`${phones.url}tom`] })
    await room.signals({ endpointId: 'core', kind: 'presence.silent', severity: 'high' })
    await pass(minutes(20))
    expect((await rang()).filter((who) => who !== 'tom')).toEqual([])
    const { due_at } = await room.store.db.selectFrom('timers').select('due_at').where('kind', '=', 'page').executeTakeFirstOrThrow()
    expect(new Date(due_at).toISOString()).toBe('2026-11-23T07:00:00.000Z')
  })
})

describe('a ticket', () => {
  it('is given to somebody of its team who has least to do, and they hear of it', async () => {
    await hire(room, 'ann', { teams: '["tier1"]', ways: [`${phones.url}ann`] })
    await hire(room, 'bob', { teams: '["tier1"]', ways: [`${phones.url}bob`] })
    await room.signals({ endpointId: 'srv', fingerprint: 'a' }, { endpointId: 'srv', fingerprint: 'b' })
    const owners = await room.store.db.selectFrom('tickets').select(['owner_id', 'status']).execute()
    expect(owners.map(({ owner_id }) => owner_id).toSorted()).toEqual(['ann', 'bob'])
    expect(owners.every(({ status }) => status === 'new')).toBe(true)
    expect((await rang()).toSorted()).toEqual(['ann', 'bob'])
  })
})
