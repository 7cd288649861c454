import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { minutes, seconds } from '#shared/domain/time.ts'
import { type DeskRoom, openDeskRoom, type PlacedSignal } from '../../support/desk-room.ts'

let room: DeskRoom

beforeEach(async () => {
  room = await openDeskRoom()
})
afterEach(() => room.close())

const say = (from: number, count: number, more: Partial<PlacedSignal> = {}) =>
  room.signals(
    ...Array.from({ length: count }, (_, index) => ({
      ...{ endpointId: 'srv', kind: 'health.disk.full', fingerprint: `disk:${from + index}`, severity: 'medium' as const },
      ...more,
    })),
  )
const attack = (from: number, count: number, more: Partial<PlacedSignal> = {}) =>
  room.signals(
    ...Array.from({ length: count }, (_, index) => ({
      ...{ endpointId: 'srv', kind: `security.made-up-${from + index}`, fingerprint: `x:${from + index}` },
      ...{ severity: 'high' as const, state: 'happened' as const, ...more },
    })),
  )
const tickets = () => room.store.db.selectFrom('tickets').selectAll().orderBy('number').execute()
const noisy = async () => {
  const [one, ...others] = (await tickets()).filter(({ gathers }) => gathers === 'endpoint')
  if (!one || others.length > 0) throw new Error('there is not one ticket of the machine')
  return one
}
const pass = async (ms: number, step = minutes(1)): Promise<void> => {
  for (let left = ms; left > 0; left -= step) {
    room.time.jump(Math.min(left, step))
    await room.timers.idle()
    await room.pipeline.idle()
  }
}
const timersOf = async (ticketId: string) =>
  (
    await room.store.db
      .selectFrom('timers')
      .select('kind')
      .where('ticket_id', '=', ticketId)
      .where('fired_at', 'is', null)
      .where('cancelled_at', 'is', null)
      .execute()
  ).map(({ kind }) => kind)

describe('a machine that is too loud', () => {
  it('is one ticket from the twenty-first trouble on, with what it said before under it', async () => {
    await say(0, 20)
    expect((await tickets()).filter(({ parent_id, gathers }) => parent_id !== null || gathers !== null)).toEqual([])
    await say(20, 1)
    const one = await noisy()
    expect(one).toMatchObject({ kind: 'health.endpoint.noisy', endpoint_id: 'srv', team: 'tier2', status: 'new', priority: 'P3' })
    const children = (await tickets()).filter(({ parent_id }) => parent_id === one.id)
    expect(children).toHaveLength(20)
    expect(children.filter(({ gathered_by, respond_by }) => gathered_by !== 'endpoint' || respond_by !== null)).toEqual([])
    for (const child of children.slice(0, 3)) expect(await timersOf(child.id)).toEqual(['review'])
    expect(await timersOf(one.id)).toContain('respond-due')
  })

  it('makes six tickets of ten thousand troubles, over a restart; each signal is kept with its ticket, and other machines open their own', async () => {
    await say(0, 4_000)
    room = await room.restart()
    await say(4_000, 6_000)
    await say(0, 1, { endpointId: 'ws' })
    const all = await tickets()
    expect(all.filter(({ endpoint_id }) => endpoint_id === 'srv')).toHaveLength(6)
    expect(all.filter(({ endpoint_id }) => endpoint_id === 'ws')).toMatchObject([{ parent_id: null }])
    const [counted] = await room.store.db
      .selectFrom('signals')
      .select(({ fn }) => fn.countAll().as('count'))
      .where('ticket_id', '=', (await noisy()).id)
      .execute()
    expect(Number(counted?.count)).toBe(9_995)
  }, 60_000)

  it('rises with what is worse, and goes to who knows of it', async () => {
    await say(0, 25)
    await say(25, 1, { kind: 'health.disk.failing', severity: 'high', summary: 'The disk is dying' })
    expect(await noisy()).toMatchObject({ priority: 'P2', title: 'The disk is dying' })
  })

  it('leaves alone what people are being called for, and what is said of it by others', async () => {
    await say(100, 1, { kind: 'health.disk.failing', severity: 'high' })
    await say(0, 25)
    const [pressing] = await tickets()
    expect(pressing).toMatchObject({ priority: 'P2', parent_id: null })
    await room.signals({ endpointId: 'srv', kind: 'presence.silent', severity: 'high', state: 'raised', origin: 'collector' })
    expect((await tickets()).filter(({ kind }) => kind === 'presence.silent')).toMatchObject([{ parent_id: null, status: 'new' }])
  })

  it('ended by a person, gives back all that is still true, also what had no ticket of its own; ended for all of them, nothing', async () => {
    await say(0, 24)
    await say(22, 1, { state: 'cleared' })
    const end = async (isForAll: boolean) => {
      const { id: ticketId, version } = (await tickets()).findLast(({ gathers }) => gathers === 'endpoint') ?? { id: '', version: 0 }
      const act = { ticketId, version, person: { id: 'p', name: 'P' }, resolution: 'fixed' as const, note: 'looked' }
      const done = isForAll ? await room.desk.children({ ...act, act: 'close' }) : await room.desk.resolve(act)
      expect(done).toMatchObject({ kind: 'done' })
      for (let turn = 0; turn < 2; turn++) {
        await room.timers.idle()
        await room.pipeline.idle()
      }
    }
    await end(false)
    const again = (await tickets()).filter(({ status, gathers }) => status === 'new' && gathers === null)
    expect(again.map(({ fingerprint }) => fingerprint)).toEqual(Array.from({ length: 20 }, (_, index) => `disk:${index}`))
    const held = room.store.db.selectFrom('suppressed_signals').select(['trouble', 'ended_as']).where('suppressed_by', '=', 'loud')
    // Twenty of them make it loud again: what comes behind is on the next ticket for all.
    expect((await held.where('ended_at', 'is', null).execute()).map(({ trouble }) => trouble).sort()).toEqual(
      [20, 21, 23].map((nth) => `srv disk:${nth}`),
    )
    await end(true)
    expect((await tickets()).filter(({ status }) => status === 'new')).toEqual([])
    expect(await held.where('ended_at', 'is', null).execute()).toEqual([])
  })

  it('waits for a person where something pressing joined it', async () => {
    await say(0, 25, { state: 'happened' })
    await say(25, 1, { kind: 'health.disk.failing', severity: 'high', state: 'happened' })
    await pass(minutes(200))
    expect(await noisy()).toMatchObject({ priority: 'P2', status: 'new' })
  })

  it('has tickets of its own again once a person lets each stand alone', async () => {
    await say(0, 25)
    const { id: ticketId, version } = await noisy()
    const person = { id: 'p', name: 'P', teams: ['tier2'], isAdmin: true }
    await room.desk.children({ ticketId, version, person, act: 'raise', note: '' } as never)
    await say(50, 1)
    expect((await tickets()).filter(({ fingerprint }) => fingerprint === 'disk:50')).toMatchObject([{ parent_id: null }])
  })

  it('is so as well with a few tickets and fifty signals within a minute; not when it tells of what was long ago', async () => {
    for (let round = 0; round < 9; round++) await say(0, 5)
    await say(5, 1)
    expect((await tickets()).filter(({ gathers }) => gathers !== null)).toEqual([])
    await pass(seconds(59), seconds(59))
    await say(0, 5)
    await say(6, 1)
    expect(await noisy()).toMatchObject({ occurrences: 7 })
    await room.signals(...Array.from({ length: 60 }, () => ({ endpointId: 'core', ageMs: minutes(30), severity: 'medium' as const })))
    await say(0, 6, { endpointId: 'core', ageMs: minutes(30) })
    expect((await tickets()).filter(({ gathers, endpoint_id }) => gathers !== null && endpoint_id === 'core')).toEqual([])
  })

  it('ends by itself after an hour of quiet, not while something is true', async () => {
    await say(0, 30, { state: 'happened' })
    await pass(minutes(59))
    expect(await noisy()).toMatchObject({ status: 'new' })
    await pass(minutes(3))
    expect(await noisy()).toMatchObject({ status: 'resolved', resolution: 'cleared' })
    expect((await tickets()).filter(({ status }) => status !== 'resolved')).toEqual([])
    await say(100, 30)
    const condition = { endpoint_id: 'srv', fingerprint: 'disk:129', lane: 'signals' as const, signal: '{}', raised_at: room.time.now() }
    await room.store.db.insertInto('conditions').values(condition).execute()
    await say(100, 29, { state: 'cleared' })
    await pass(minutes(150))
    expect((await tickets()).filter(({ gathers, status }) => gathers === 'endpoint' && status === 'new')).toHaveLength(1)
  })
})

describe('security of a machine that is too loud', () => {
  it('is put under no ticket for noise', async () => {
    await attack(0, 10)
    await say(0, 40)
    const security = (await tickets()).filter(({ team }) => team === 'security')
    expect(security).toHaveLength(10)
    expect(security.filter(({ parent_id }) => parent_id !== null)).toEqual([])
  })

  it('makes no ten thousand tickets: from the twentieth on it joins what the same route brought', async () => {
    await attack(0, 5_000)
    await attack(5_000, 5_000)
    const all = await tickets()
    expect(all).toHaveLength(20)
    expect(all.reduce((sum, { occurrences }) => sum + occurrences, 0)).toBe(10_000)
  }, 60_000)

  it('hides nothing that is worse or of another kind: an encryption behind all that is a P1 of its own, and is answered', async () => {
    await attack(0, 200, { endpointId: 'ws', severity: 'medium' })
    await attack(500, 1, { endpointId: 'ws', severity: 'critical' })
    const worse = (await tickets()).filter(({ priority }) => priority === 'P1')
    expect(worse).toHaveLength(1)
    const canary = { endpointId: 'ws', kind: 'security.ransomware.canary', severity: 'critical' as const, state: 'happened' as const }
    await room.signals({ ...canary, facts: { change: 'unreadable' } })
    const [one] = (await tickets()).filter(({ kind }) => kind === canary.kind)
    expect(one).toMatchObject({ priority: 'P1', parent_id: null, containment: 'auto', occurrences: 1 })
    const orders = await room.store.db.selectFrom('commands').select('endpoint_id').where('verb', '=', 'isolate-host').execute()
    expect(orders).toEqual([{ endpoint_id: 'ws' }])
  })
})
