import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { days, hours, minutes } from '#shared/domain/time.ts'
import { createRoundUps } from '../../../server/due/round-ups.ts'
import { periodBegan } from '../../../server/escalate/calendar.ts'
import { createTurns } from '../../../server/pipeline/turns.ts'
import { type DeskRoom, openDeskRoom, type PlacedSignal } from '../../support/desk-room.ts'

/** A Wednesday. */
const startsAt = '2026-11-18T09:00:00Z'
const monday = Date.parse('2026-11-23T08:00:00+01:00')

let room: DeskRoom
let look: () => Promise<void>
const begin = () => {
  const { store, matrices, pipeline } = room
  const afterCommit = ({ hasRaised }: { hasRaised: boolean }): void => {
    if (hasRaised) pipeline.nudge(false)
  }
  const roundUp = createRoundUps({ store, rules: matrices.rules, turns: createTurns(store.db), afterCommit })
  look = async () => {
    await roundUp(room.time.now())
    await pipeline.idle()
  }
}
beforeEach(async () => {
  room = await openDeskRoom({ startsAt, roles: { 'ws-1': 'workstation', 'ws-2': 'workstation', srv: 'server' } })
  begin()
})
afterEach(() => room.close())

const jumpTo = (at: number): void => room.time.jump(at - room.time.now())
/** As ingest keeps it: the signal, and that it is true. */
async function stands(more: Partial<PlacedSignal> & { endpointId: string; kind: string }): Promise<void> {
  room.time.jump(1)
  const fingerprint = more.fingerprint ?? `${more.kind}:x`
  await room.signals({ severity: 'low', state: 'raised', fingerprint, ...more })
  const condition = { endpoint_id: more.endpointId, fingerprint, lane: 'signals' as const, signal: '{}', raised_at: room.time.now() }
  await room.store.db.insertInto('conditions').values(condition).execute()
}
const tickets = () =>
  room.store.db
    .selectFrom('tickets')
    .select(['kind', 'priority', 'team', 'endpoint_id', 'title', 'occurrences'])
    .where('kind', 'like', 'desk.%')
    .orderBy('number')
    .execute()

describe('updates that are missing', () => {
  it('are one P4 for each of their kinds when the week begins at eight, never one a machine, and once', async () => {
    for (const endpointId of ['ws-1', 'ws-2', 'srv'])
      await stands({ endpointId, kind: 'health.update.missing', summary: 'three updates are missing' })
    await stands({ endpointId: 'srv', kind: 'health.update.reboot-pending' })
    jumpTo(monday - 1)
    await look()
    expect(await tickets()).toEqual([])
    jumpTo(monday + minutes(5))
    await look()
    jumpTo(monday + minutes(15))
    await look()
    expect(await tickets()).toMatchObject([
      {
        kind: 'desk.updates',
        priority: 'P4',
        team: 'tier1',
        endpoint_id: null,
        occurrences: 1,
        title: expect.stringContaining('3 machines'),
      },
      { kind: 'desk.updates', title: expect.stringMatching(/^Still true this week: health\.update\.reboot-pending on .*srv/) },
    ])
  })

  it('are none of what is over, went with its machine, or has a ticket of its own', async () => {
    await stands({ endpointId: 'ws-1', kind: 'health.update.missing' })
    await stands({ endpointId: 'ws-2', kind: 'health.update.missing' })
    await stands({ endpointId: 'srv', kind: 'health.update.failed', severity: 'high' })
    await room.store.db.deleteFrom('conditions').where('endpoint_id', '=', 'ws-1').execute()
    await room.store.db.updateTable('endpoints').set({ removed_at: 1 }).where('id', '=', 'ws-2').execute()
    jumpTo(monday + minutes(5))
    await look()
    expect(await tickets()).toEqual([])
  })

  it('are one after weeks of absence, also over a restart, and join the one that is open a week later', async () => {
    await stands({ endpointId: 'srv', kind: 'health.update.missing' })
    jumpTo(monday + days(14))
    await look()
    room = await room.restart()
    begin()
    await look()
    expect(await tickets()).toMatchObject([{ occurrences: 1 }])
    jumpTo(monday + days(21) + minutes(5))
    await look()
    expect(await tickets()).toMatchObject([{ occurrences: 2 }])
  })
})

it('what a machine’s life says is one P4 of the vCIO a quarter, for all its machines', async () => {
  await stands({ endpointId: 'ws-1', kind: 'health.lifecycle.battery', severity: 'info' })
  await stands({ endpointId: 'srv', kind: 'health.lifecycle.age', severity: 'info' })
  jumpTo(Date.parse('2026-12-31T12:00:00+01:00'))
  await look()
  expect(await tickets()).toEqual([])
  jumpTo(Date.parse('2027-01-01T08:01:00+01:00'))
  await look()
  expect(await tickets()).toMatchObject([
    { kind: 'desk.lifecycle', priority: 'P4', team: 'vcio', title: expect.stringContaining('2 things on 2 machines') },
  ])
})

describe('what no route names', () => {
  const lists = async () => {
    const rows = await room.store.db.selectFrom('outbox').select('body').where('event', '=', 'digest').execute()
    return rows.map(({ body }) => JSON.parse(body).lines.map(({ summary }: { summary: string }) => summary))
  }
  const someHears = () =>
    room.store.db
      .insertInto('receivers')
      .values({
        ...{ id: 'r1', name: 'admins', notifier: 'webhook', settings: '{}', audience: 'everybody', organisation_id: null, person_id: null },
        ...{ team: 'admin', rank: null, address: null, created_at: 0, disabled_at: null },
      })
      .execute()

  it('is listed to the admins once a week, by kind', async () => {
    await someHears()
    const strange = { kind: 'acme.gadget', severity: 'high' as const, state: 'happened' as const }
    await room.signals({ ...strange, endpointId: 'srv', fingerprint: 'a', summary: 'It blinks' })
    await room.signals({ ...strange, endpointId: 'ws-1', fingerprint: 'b', summary: 'It blinks' })
    await look()
    expect(await lists()).toEqual([])
    jumpTo(monday + minutes(5))
    await look()
    jumpTo(monday + hours(1))
    await look()
    expect(await lists()).toEqual([['No route names acme.gadget: 2 tickets of 1 organisations this week, such as “It blinks”']])
    jumpTo(monday + days(7) + minutes(5))
    await look()
    expect(await lists()).toHaveLength(1)
  })
})

it('a week and a quarter begin by the clock that hangs there, on the days it is changed too', () => {
  const began = (period: 'week' | 'quarter', at: string, zone = 'Europe/Berlin') =>
    new Date(periodBegan(period, '08:00', zone, Date.parse(at))).toISOString()
  expect(began('week', '2026-11-23T06:59:59Z')).toBe('2026-11-16T07:00:00.000Z')
  expect(began('week', '2026-11-23T07:00:00Z')).toBe('2026-11-23T07:00:00.000Z')
  // The clock went back the day before.
  expect(began('week', '2026-10-26T12:00:00Z')).toBe('2026-10-26T07:00:00.000Z')
  expect(began('week', '2026-10-26T06:30:00Z')).toBe('2026-10-19T06:00:00.000Z')
  expect(began('quarter', '2026-11-23T07:00:00Z')).toBe('2026-10-01T06:00:00.000Z')
  expect(began('quarter', '2027-01-01T06:00:00Z')).toBe('2026-10-01T06:00:00.000Z')
  expect(began('quarter', '2027-01-01T07:00:00Z')).toBe('2027-01-01T07:00:00.000Z')
  expect(began('week', '2026-11-23T07:00:00Z', 'America/New_York')).toBe('2026-11-16T13:00:00.000Z')
})
