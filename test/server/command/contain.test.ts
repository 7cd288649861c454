import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { minutes, seconds } from '#shared/domain/time.ts'
import { type DeskRoom, openDeskRoom } from '../../support/desk-room.ts'

const unreadable = { kind: 'security.ransomware.canary', severity: 'critical', state: 'happened', facts: { change: 'unreadable' } } as const
const person = { id: 'person-1', name: 'Ada' }

let room: DeskRoom
afterEach(() => room.close())

const tickets = () => room.store.db.selectFrom('tickets').selectAll().orderBy('number').execute()
const commands = () =>
  room.store.db
    .selectFrom('commands')
    .select(['verb', 'endpoint_id', 'requested_by', 'status'])
    .orderBy('requested_at')
    .orderBy('id')
    .execute()
const desired = async () =>
  (await room.store.db.selectFrom('isolations').select(['endpoint_id', 'desired']).orderBy('endpoint_id').execute()).map(
    (row) => `${row.endpoint_id} ${row.desired}`,
  )
const ticketOf = async (endpointId: string) => {
  const ticket = (await tickets()).find(({ endpoint_id }) => endpoint_id === endpointId)
  if (!ticket) throw new Error(`no ticket of ${endpointId}`)
  return ticket
}
const actOn = async (endpointId: string) => {
  const { id, version } = await ticketOf(endpointId)
  return { ticketId: id, version, person, reason: 'because' }
}

describe('auto', () => {
  beforeEach(async () => {
    room = await openDeskRoom()
  })

  it('wants isolation and requests it in the transaction of the ticket; what is true stays another fact', async () => {
    await room.signals(unreadable)
    expect(await commands()).toMatchObject([{ verb: 'isolate-host', endpoint_id: 'ws', requested_by: 'system', status: 'sent' }])
    expect(await room.store.db.selectFrom('isolations').selectAll().execute()).toMatchObject([
      { desired: 'isolated', actual: 'open', is_ready: 0 },
    ])
    expect(room.sent).toMatchObject([
      { endpointId: 'ws', order: { verb: 'isolate-host', endpoints: ['ws'], args: { ticketId: (await ticketOf('ws')).id } } },
    ])
  })

  it('says it once for a machine, however many signals and tickets', async () => {
    await room.signals(unreadable, unreadable, { ...unreadable, fingerprint: 'another' })
    await room.signals(unreadable)
    expect(await commands()).toHaveLength(1)
  })

  it('asks first about a server, and isolates it when nobody answers in three minutes', async () => {
    await room.signals({ ...unreadable, endpointId: 'srv' })
    expect(await ticketOf('srv')).toMatchObject({ containment: 'asked' })
    await room.time.advance(minutes(3) - 1)
    expect(await commands()).toEqual([])
    await room.time.advance(1)
    expect(await commands()).toMatchObject([{ endpoint_id: 'srv', requested_by: 'system' }])
    expect(await ticketOf('srv')).toMatchObject({ containment: 'auto' })
  })

  it('never touches a core machine, nor one that nobody knows, without a person', async () => {
    await room.signals({ ...unreadable, endpointId: 'core' }, { ...unreadable, endpointId: 'unknown' })
    await room.time.advance(minutes(10))
    expect(await commands()).toEqual([])
    expect((await tickets()).map(({ containment }) => containment)).toEqual(['asked', 'asked'])
  })

  it('leaves it when a person says so in time', async () => {
    await room.signals({ ...unreadable, endpointId: 'srv' })
    expect(await room.desk.leave(await actOn('srv'))).toMatchObject({ kind: 'done' })
    await room.time.advance(minutes(10))
    expect(await commands()).toEqual([])
    expect(await room.desk.leave(await actOn('srv'))).toMatchObject({ kind: 'refused' })
    expect(await room.desk.isolate({ ...(await actOn('srv')), onlyIfAsked: true })).toMatchObject({ kind: 'refused' })
  })

  it('asks again, and never by itself, after a person has released the machine', async () => {
    await room.signals(unreadable)
    expect(await room.desk.release(await actOn('ws'))).toMatchObject({ kind: 'done' })
    expect(await desired()).toEqual(['ws open'])
    await room.signals(unreadable)
    expect(await ticketOf('ws')).toMatchObject({ containment: 'asked' })
    await room.time.advance(minutes(10))
    expect((await commands()).map(({ verb }) => verb)).toEqual(['isolate-host', 'release-host'])
  })

  it('acts anew when something worse joins than a person decided about', async () => {
    await room.signals({ ...unreadable, severity: 'medium', facts: { change: 'deleted' } })
    await room.desk.leave(await actOn('ws'))
    await room.signals(unreadable)
    expect(await commands()).toMatchObject([{ verb: 'isolate-host', requested_by: 'system' }])
  })
})

describe('news that is old when it arrives', () => {
  const old = { ...unreadable, ageMs: minutes(10) + 1 }
  beforeEach(async () => {
    room = await openDeskRoom()
  })

  it('asks, and leaves the machine when nobody answers', async () => {
    await room.signals({ ...unreadable, ageMs: minutes(10), endpointId: 'ws' }, { ...old, endpointId: 'srv' })
    await room.time.advance(minutes(10))
    expect((await commands()).map(({ endpoint_id }) => endpoint_id)).toEqual(['ws'])
    expect(await ticketOf('srv')).toMatchObject({ priority: 'P1', containment: 'asked' })
  })

  it('acts as ever once it is seen to go on', async () => {
    await room.signals(old, { ...old, endpointId: 'srv' })
    expect(await commands()).toEqual([])
    await room.signals(unreadable, { ...unreadable, endpointId: 'srv' })
    expect((await commands()).map(({ endpoint_id }) => endpoint_id)).toEqual(['ws'])
    await room.time.advance(minutes(3))
    expect((await commands()).map(({ endpoint_id }) => endpoint_id)).toEqual(['ws', 'srv'])
  })

  it('acts as ever on what was raised and not cleared', async () => {
    await room.signals({ ...old, state: 'raised' })
    expect(await commands()).toHaveLength(1)
  })

  it('asks again about the same, late or not, only where nobody was asked', async () => {
    await room.signals(old)
    await room.signals(old)
    const asked = await room.store.db.selectFrom('timeline').select('body').where('kind', '=', 'containment-asked').execute()
    expect(asked.map(({ body }) => JSON.parse(body))).toMatchObject([{ otherwise: 'leave', why: expect.stringMatching(/long before/) }])
  })
})

describe('limits', () => {
  const eight = Object.fromEntries(Array.from({ length: 8 }, (_, index) => [`ws-${index}`, 'workstation' as const]))

  it('isolates three of a site at once and asks about the rest, which follow when nobody answers', async () => {
    room = await openDeskRoom({ roles: eight })
    for (const endpointId of Object.keys(eight)) {
      await room.signals({ ...unreadable, endpointId })
      await room.time.advance(seconds(15))
    }
    expect((await commands()).map(({ endpoint_id }) => endpoint_id)).toEqual(['ws-0', 'ws-1', 'ws-2'])
    const machines = (await tickets()).filter(({ endpoint_id }) => endpoint_id !== null)
    expect(machines.map(({ containment }) => containment)).toEqual(['auto', 'auto', 'auto', 'asked', 'asked', 'asked', 'asked', 'asked'])
    await room.time.advance(minutes(3))
    expect(await commands()).toHaveLength(8)
  })

  it('count within one group too', async () => {
    room = await openDeskRoom({ roles: eight })
    await room.signals(...Object.keys(eight).map((endpointId) => ({ ...unreadable, endpointId })))
    expect(await commands()).toHaveLength(3)
  })

  it('forget what was long ago', async () => {
    room = await openDeskRoom({ roles: eight })
    await room.signals(...['ws-0', 'ws-1', 'ws-2'].map((endpointId) => ({ ...unreadable, endpointId })))
    room.time.jump(minutes(11))
    await room.signals(...['ws-3', 'ws-4', 'ws-5'].map((endpointId) => ({ ...unreadable, endpointId })))
    expect(await commands()).toHaveLength(5)
    room.time.jump(minutes(31))
    await room.signals({ ...unreadable, endpointId: 'ws-7' })
    expect(await commands()).toHaveLength(6)
  })
})

it('an organisation that observes is asked, and nothing happens without a person', async () => {
  room = await openDeskRoom({ mode: 'observe' })
  await room.signals(unreadable, { ...unreadable, endpointId: 'srv' })
  await room.time.advance(minutes(10))
  expect(await commands()).toEqual([])
  expect(await tickets()).toMatchObject([{ priority: 'P1', containment: 'asked' }, { containment: 'asked' }])
  expect(await room.desk.isolate(await actOn('srv'))).toMatchObject({ kind: 'done' })
  expect(await commands()).toMatchObject([{ requested_by: 'person-1' }])
})
