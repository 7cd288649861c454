import { readFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { minutes, seconds } from '#shared/domain/time.ts'
import { type DeskRoom, matrixFile, openDeskRoom } from '../../support/desk-room.ts'

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

  it('leave a server alone where nobody answers, also one that its route isolates by itself', async () => {
    room = await openDeskRoom({ roles: Object.fromEntries(Array.from({ length: 4 }, (_, index) => [`srv-${index}`, 'server' as const])) })
    const yaml = readFileSync(matrixFile, 'utf8').replace("server: 'ask 3m, then isolate'", 'server: auto')
    expect(await room.matrices.put(yaml, 'test')).toMatchObject({ kind: 'kept' })
    for (let index = 0; index < 4; index++) await room.signals({ ...unreadable, endpointId: `srv-${index}` })
    expect((await commands()).map(({ endpoint_id }) => endpoint_id)).toEqual(['srv-0', 'srv-1', 'srv-2'])
    await room.time.advance(minutes(30))
    expect(await commands()).toHaveLength(3)
    expect((await ticketOf('srv-3')).containment).toBe('asked')
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

describe('the limit of the fleet', () => {
  /** Machines of other customers that were isolated without a person a while ago. */
  async function isolatedElsewhere(organisations: number, machinesEach: number, agoMs: number): Promise<void> {
    const { db } = room.store
    const at = room.time.now() - agoMs
    const wish = { ticket_id: null, verb: 'isolate-host', args: '{}', risk: 'protective', status: 'succeeded', reason: 'x' } as const
    const never = {
      running_at: null,
      resolution: null,
      jws: null,
      payload: null,
      signatures: null,
      sent_at: null,
      delivered_at: null,
      settled_at: null,
      result: null,
    }
    for (let customer = 0; customer < organisations; customer += 1) {
      const organisation_id = `customer-${customer}`
      const made = { name: organisation_id, mode: 'live', plan: 'standard', time_zone: 'Europe/Berlin', created_at: at } as const
      await db
        .insertInto('organisations')
        .values({ id: organisation_id, ...made })
        .execute()
      for (let machine = 0; machine < machinesEach; machine += 1) {
        const endpoint_id = `${organisation_id}-${machine}`
        const endpoint = { hostname: endpoint_id, platform: 'linux', confirmed_role: null, enrolled_at: at, removed_at: null } as const
        await db
          .insertInto('endpoints')
          .values({ id: endpoint_id, organisation_id, site_id: null, ...endpoint })
          .execute()
        const command = { id: `isolated-${endpoint_id}`, organisation_id, endpoint_id, requested_by: 'system' }
        const times = { requested_at: at, expires_at: at + minutes(60) }
        await db
          .insertInto('commands')
          .values({ ...command, ...wish, ...never, ...times })
          .execute()
      }
    }
  }

  it.each([
    ['two organisations', 2, 1, minutes(1), true],
    ['three organisations', 3, 1, minutes(1), false],
    ['three organisations, long ago', 3, 1, minutes(31), true],
    ['19 machines of one', 1, 19, minutes(1), true],
    ['20 machines of one', 1, 20, minutes(1), false],
  ] as const)('after %s: isolates by itself or asks, and then leaves', async (_how, organisations, machines, agoMs, isAuto) => {
    room = await openDeskRoom()
    await isolatedElsewhere(organisations, machines, agoMs)
    await room.signals(unreadable)
    await room.time.advance(minutes(10))
    expect(await ticketOf('ws')).toMatchObject({ containment: isAuto ? 'auto' : 'asked' })
    expect((await commands()).filter(({ endpoint_id }) => endpoint_id === 'ws')).toHaveLength(isAuto ? 1 : 0)
  })

  it.each(['before it was asked', 'while the question stood'] as const)(
    'that was reached %s isolates no server that nobody answered for',
    async (when) => {
      room = await openDeskRoom()
      if (when === 'before it was asked') await isolatedElsewhere(3, 1, minutes(1))
      await room.signals({ ...unreadable, endpointId: 'srv' })
      if (when === 'while the question stood') await isolatedElsewhere(3, 1, 0)
      await room.time.advance(minutes(10))
      expect(await ticketOf('srv')).toMatchObject({ containment: 'asked' })
      expect((await commands()).filter(({ endpoint_id }) => endpoint_id === 'srv')).toEqual([])
    },
  )
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
