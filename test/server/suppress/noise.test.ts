import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { days, minutes } from '#shared/domain/time.ts'
import { createNoise } from '../../../server/desk/noise.ts'
import type { NewException } from '../../../server/suppress/exceptions.ts'
import { type DeskRoom, openDeskRoom } from '../../support/desk-room.ts'

let room: DeskRoom
beforeEach(async () => {
  room = await openDeskRoom()
})
afterEach(() => room.close())

const person = { id: 'p', name: 'P' }
const tickets = () => room.store.db.selectFrom('tickets').selectAll().orderBy('number').execute()
const newest = async () => {
  const ticket = (await tickets()).at(-1)
  if (!ticket) throw new Error('no ticket')
  return { ...ticket, act: { ticketId: ticket.id, version: ticket.version, person } }
}
const noise = () => createNoise({ ...room, rules: room.matrices.rules })
const resolve = async (resolution: 'noise' | 'false-alarm' | 'fixed', more: { noise?: NewException; exceptsPrograms?: boolean } = {}) => {
  const { act } = await newest()
  return room.desk.resolve({ ...act, resolution, note: 'because', ...more })
}
const same: NewException = { scope: 'endpoint', tag: null, what: 'same', until: null, reason: 'a lab machine' }
const full = { endpointId: 'srv', kind: 'health.disk.full', severity: 'medium', fingerprint: 'disk:/lab' } as const
const suppressed = () => room.store.db.selectFrom('suppressed_signals').select(['suppressed_by', 'ended_as']).execute()

describe('this is noise', () => {
  it('spares the like of the ticket until its date, and nothing that is worse, elsewhere or something else', async () => {
    await room.signals(full)
    expect(await resolve('noise', { noise: same })).toMatchObject({ kind: 'done' })
    await room.signals({ ...full, state: 'cleared' }, full)
    expect(await tickets()).toMatchObject([{ status: 'resolved', resolution: 'noise' }])
    expect(await suppressed()).toEqual([{ suppressed_by: 'exception', ended_as: null }])
    await room.signals({ ...full, severity: 'high' }, { ...full, endpointId: 'core' }, { ...full, fingerprint: 'disk:/' })
    expect((await tickets()).map(({ endpoint_id, fingerprint, severity }) => [endpoint_id, fingerprint, severity])).toEqual([
      ['srv', 'disk:/lab', 'high'],
      ['core', 'disk:/lab', 'medium'],
      ['srv', 'disk:/', 'medium'],
    ])
  })

  it('ends after 90 days, though nobody ends it, and at once when somebody does', async () => {
    await room.signals(full)
    await resolve('noise', { noise: same })
    room.time.jump(days(89))
    await room.signals(full)
    expect(await tickets()).toHaveLength(1)
    room.time.jump(days(1))
    await room.signals(full)
    expect(await tickets()).toHaveLength(2)
    await resolve('noise', { noise: { ...same, what: 'kind', scope: 'organisation' } })
    await room.signals({ ...full, endpointId: 'core', fingerprint: 'disk:/other' })
    expect(await tickets()).toHaveLength(2)
    const exception = await room.store.db
      .selectFrom('noise_exceptions')
      .select('id')
      .orderBy('created_at', 'desc')
      .executeTakeFirstOrThrow()
    expect([await noise().end(exception.id, person), await noise().end(exception.id, person)]).toEqual([true, false])
    await room.signals({ ...full, endpointId: 'core', fingerprint: 'disk:/other' })
    expect(await tickets()).toHaveLength(3)
  })

  it('was spared, and is still true when it is noise no more: it opens then, by a person or by its date', async () => {
    const other = { ...full, fingerprint: 'disk:/over' }
    const happened = { ...full, fingerprint: 'disk:/once', state: 'happened' as const }
    const except = async () => {
      const { id, ...row } = (await room.store.db.selectFrom('noise_exceptions').selectAll().execute()).at(-1) ?? { id: '' }
      return { id, row }
    }
    await room.signals(full)
    await resolve('noise', { noise: { ...same, what: 'kind', until: room.time.now() + days(3) } })
    await room.signals({ ...full, state: 'cleared' }, full, other, happened)
    await room.signals({ ...other, state: 'cleared' })
    expect(await tickets()).toHaveLength(1)
    expect(await noise().end((await except()).id, person)).toBe(true)
    await room.timers.idle()
    await room.pipeline.idle()
    expect((await tickets()).filter(({ status }) => status === 'new').map(({ fingerprint }) => fingerprint)).toEqual(['disk:/lab'])
    await resolve('noise', { noise: { ...same, until: room.time.now() + days(3) } })
    await room.signals({ ...full, state: 'cleared' }, full)
    room.time.jump(days(3))
    await room.timers.idle()
    await room.pipeline.idle()
    expect((await newest()).status).toBe('new')
  })

  it('is about a tag as well, and never about security, nor without an end', async () => {
    await room.store.db.updateTable('endpoints').set({ tags: '["lab"]' }).where('id', 'in', ['srv', 'core']).execute()
    await room.signals(full)
    expect(await resolve('noise', { noise: { ...same, until: room.time.now() + days(366) } })).toMatchObject({ kind: 'refused' })
    expect(await resolve('noise', { noise: { ...same, scope: 'tag', tag: 'lab' } })).toMatchObject({ kind: 'done' })
    await room.signals({ ...full, endpointId: 'core' }, { ...full, endpointId: 'unknown' })
    expect((await tickets()).map(({ endpoint_id }) => endpoint_id)).toEqual(['srv', 'unknown'])
    await room.signals({ kind: 'security.other', severity: 'high', state: 'happened' })
    expect(await resolve('noise', { noise: same })).toMatchObject({ kind: 'refused' })
    expect(await resolve('noise')).toMatchObject({ kind: 'done' })
    await room.signals({ kind: 'security.other', severity: 'high', state: 'happened' })
    expect((await newest()).status).toBe('new')
  })
})

describe('false alarms', () => {
  const unreadable = {
    kind: 'security.ransomware.canary',
    severity: 'critical',
    state: 'happened',
    facts: { change: 'unreadable' },
  } as const
  const isolations = async () =>
    (await room.store.db.selectFrom('commands').select('endpoint_id').where('verb', '=', 'isolate-host').execute()).length
  const alarm = async (endpointId: string) => {
    await room.signals({ ...unreadable, endpointId, fingerprint: `canary-${Math.random()}` })
    await resolve('false-alarm')
    await room.pipeline.idle()
    room.time.jump(minutes(31))
  }

  beforeEach(async () => {
    await room.close()
    room = await openDeskRoom({
      roles: { a: 'workstation', b: 'workstation', c: 'workstation', d: 'workstation', e: 'workstation', f: 'workstation' },
    })
  })

  it('three in 7 days disarm what found them on every machine: it asks, and an admin hears of it, until somebody arms it', async () => {
    for (const endpointId of ['a', 'b']) await alarm(endpointId)
    await room.store.db.updateTable('tickets').set({ resolution: 'fixed' }).where('number', '=', 1).execute()
    await alarm('c')
    expect(await isolations()).toBe(3)
    expect(await room.store.db.selectFrom('disarmed_detectors').selectAll().execute()).toEqual([])
    await alarm('d')
    expect(await isolations()).toBe(4)
    expect(await newest()).toMatchObject({ kind: 'system.detector.disarmed', priority: 'P3', team: 'admin' })
    await room.signals({ ...unreadable, endpointId: 'e' })
    expect(await isolations()).toBe(4)
    expect(await newest()).toMatchObject({ endpoint_id: 'e', containment: 'asked', priority: 'P1' })
    const asked = await room.store.db.selectFrom('timeline').select('body').where('kind', '=', 'containment-asked').execute()
    expect(asked.map(({ body }) => JSON.parse(body))).toEqual([
      { otherwise: 'leave', dueAt: null, why: 'what found it raised too many false alarms, and nobody has armed it again' },
    ])
    const { id } = await room.store.db.selectFrom('disarmed_detectors').select('id').executeTakeFirstOrThrow()
    expect([await noise().arm(id, person), await noise().arm(id, person)]).toEqual([true, false])
    await room.pipeline.idle()
    await room.signals({ ...unreadable, endpointId: 'f' })
    expect(await isolations()).toBe(5)
    expect((await tickets()).find(({ kind }) => kind === 'system.detector.disarmed')?.is_standing).toBe(0)
  })

  it('of another rule, or longer ago, do not count', async () => {
    await alarm('a')
    room.time.jump(days(7))
    await alarm('b')
    await room.signals({ ...unreadable, endpointId: 'c', severity: 'medium', facts: { change: 'deleted' } })
    await resolve('false-alarm')
    await alarm('d')
    expect(await room.store.db.selectFrom('disarmed_detectors').selectAll().execute()).toEqual([])
  })

  it('on release except the very program on that machine for 30 days, and no other', async () => {
    const program = (letter: string) => ({
      ...unreadable,
      endpointId: 'a',
      fingerprint: letter,
      facts: { change: 'unreadable', processSha256: letter.repeat(64) },
    })
    await room.signals(program('a'))
    await resolve('false-alarm', { exceptsPrograms: true })
    await room.signals({ ...program('a'), fingerprint: 'again' })
    expect(await tickets()).toHaveLength(1)
    await room.signals(program('b'), { ...program('a'), endpointId: 'b' })
    expect(await tickets()).toHaveLength(3)
    room.time.jump(days(30))
    await room.signals({ ...program('a'), fingerprint: 'later' })
    expect(await tickets()).toHaveLength(4)
  })
})
