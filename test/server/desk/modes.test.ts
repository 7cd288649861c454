import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { days, hours, minutes } from '#shared/domain/time.ts'
import { type Modes, openModes } from '../../../server/desk/modes.ts'
import { type DeskRoom, openDeskRoom } from '../../support/desk-room.ts'

let room: DeskRoom
let modes: Modes
let raised: number

beforeEach(async () => {
  room = await openDeskRoom({ mode: 'observe', plan: 'round-the-clock' })
  raised = 0
  const { store, time, matrices } = room
  modes = openModes({ store, time, rules: matrices.rules, log: pino({ level: 'silent' }), onRaised: () => void raised++ })
})
afterEach(async () => {
  await modes.stop()
  await room.close()
})

const canary = (endpointId: string, change = 'unreadable') =>
  ({
    ...({ endpointId, kind: 'security.ransomware.canary', severity: 'critical', state: 'happened' } as const),
    ...{ fingerprint: `canary-${endpointId}`, facts: { change } },
  }) as const

describe('before it goes live', () => {
  it('shows what would have called people and cut machines off, by the functions that would have done it', async () => {
    await room.signals(canary('ws'), canary('srv'), canary('core'), { endpointId: 'core', kind: 'presence.silent', severity: 'high' })
    await room.signals({ endpointId: 'ws' })
    expect(room.sent).toEqual([])
    await room.time.advance(minutes(4))
    const preview = await modes.preview('acme')
    expect(preview).toMatchObject({ tickets: 6, isPartial: false })
    expect(preview?.would.map(({ hostname, isolates, isPaging, ticket }) => [hostname, ticket.kind, isolates, isPaging])).toEqual([
      ['ws-host', 'security.ransomware.canary', 'auto', false],
      ['srv-host', 'security.ransomware.canary', 'unanswered', false],
      ['core-host', 'presence.silent', null, true],
    ])
  })

  it('stops at the limits at which isolating stops', async () => {
    const machines = ['ws', 'ws2', 'ws3', 'ws4', 'ws5']
    for (const id of machines.slice(1)) await addWorkstation(id)
    await room.signals(...machines.map((id) => canary(id)))
    await room.time.advance(minutes(4))
    const preview = await modes.preview('acme')
    expect(preview?.would.map(({ isolates }) => isolates)).toEqual(['auto', 'auto', 'auto', 'unanswered', 'unanswered'])
  })

  it('counts from when it began to observe, and knows no organisation that is not there', async () => {
    await room.signals(canary('ws'))
    await modes.change('acme', { mode: 'live' })
    await room.time.advance(minutes(1))
    await modes.change('acme', { mode: 'observe' })
    expect(await modes.preview('acme')).toMatchObject({ tickets: 0, would: [] })
    expect(await modes.preview('nobody')).toBeUndefined()
  })
})

describe('going live', () => {
  it('lets the next evidence isolate by itself', async () => {
    await modes.change('acme', { mode: 'live' })
    await room.signals(canary('ws'))
    expect(room.sent.map(({ order }) => order.verb)).toEqual(['isolate-host'])
  })
})

describe('when the days of observing are over', () => {
  it('a ticket of the admins asks somebody to look, once; nobody goes live by themselves', async () => {
    room.time.jump(days(13))
    await room.time.advance(hours(1))
    await modes.stop()
    expect(raised).toBe(0)
    const { store, time, matrices } = room
    modes = openModes({ store, time, rules: matrices.rules, log: pino({ level: 'silent' }), onRaised: () => void raised++ })
    room.time.jump(days(1))
    await room.time.advance(hours(1))
    await expect.poll(() => raised).toBe(1)
    await room.pipeline.idle()
    const tickets = () =>
      room.store.db.selectFrom('tickets').select(['kind', 'priority', 'team']).where('kind', 'like', 'system.%').execute()
    const asked = { kind: 'system.mode.observed', priority: 'P4', team: 'admin' }
    // Two organisations observe here.
    expect(await tickets()).toEqual([asked, asked])
    room.time.jump(days(1))
    await room.time.advance(hours(1))
    await modes.stop()
    expect(raised).toBe(1)
    expect(await tickets()).toHaveLength(2)
    expect(await room.store.db.selectFrom('organisations').select('mode').distinct().execute()).toEqual([{ mode: 'observe' }])
  })
})

async function addWorkstation(id: string): Promise<void> {
  const { store, time } = room
  const row = { id, organisation_id: 'acme', site_id: 'site-1', hostname: `${id}-host`, platform: 'linux' as const }
  await store.db
    .insertInto('endpoints')
    .values({ ...row, confirmed_role: null, enrolled_at: time.now(), removed_at: null })
    .execute()
  await store.db
    .insertInto('inventories')
    .values({ endpoint_id: id, at: time.now(), role: 'workstation', agent_version: '1', body: '{}' })
    .execute()
}
