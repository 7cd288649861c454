import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ActualIsolation, IsolationStatus } from '#shared/domain/endpoint.ts'
import { hours, minutes } from '#shared/domain/time.ts'
import { createAudit } from '../../../server/audit/audit.ts'
import { readRules } from '../../../server/pipeline/keep.ts'
import { settleRestored } from '../../../server/restore/restore.ts'
import { type DeskRoom, openDeskRoom } from '../../support/desk-room.ts'

const person = { id: 'person-1', name: 'Ada' }
const unreadable = { kind: 'security.ransomware.canary', severity: 'critical', state: 'happened', facts: { change: 'unreadable' } } as const

let room: DeskRoom
beforeEach(async () => {
  room = await openDeskRoom()
})
afterEach(() => room.close())

async function restore(): Promise<void> {
  const madeAt = room.time.now()
  room.time.jump(hours(5))
  const { store, time, matrix } = room
  await settleRestored(store, readRules(matrix), createAudit({ time }), { madeAt, program: '0.1.0' }, time.now())
  room = await room.restart()
  await room.time.advance(minutes(1))
}

const says = (actual: ActualIsolation, more: Partial<IsolationStatus> = {}): IsolationStatus => ({
  ...{ actual, readiness: { isReady: true }, since: room.time.now() - minutes(90) },
  ...(actual === 'isolated' && { proof: { collectorAnswered: true } }),
  ...more,
})
const hears = async (status: IsolationStatus, endpointId = 'ws'): Promise<void> => {
  await room.dispatcher.reported(endpointId, status)
  await room.dispatcher.connected(endpointId)
  await room.pipeline.idle()
  await room.dispatcher.idle()
}
const isolation = () => room.store.db.selectFrom('isolations').selectAll().where('endpoint_id', '=', 'ws').executeTakeFirst()
const differences = () =>
  room.store.db.selectFrom('tickets').selectAll().where('kind', '=', 'security.isolation.differs').orderBy('number').execute()
const factsOf = async (ticketId: string) => {
  const signal = await room.store.db.selectFrom('signals').select('facts').where('ticket_id', '=', ticketId).executeTakeFirstOrThrow()
  return JSON.parse(signal.facts) as Record<string, unknown>
}
/** As the database is after an isolation that was proven. */
async function isolate(): Promise<void> {
  await room.desk.isolateEndpoint({ endpointId: 'ws', person, reason: 'to see' })
  await room.dispatcher.idle()
  await room.store.db.updateTable('commands').set({ status: 'succeeded', settled_at: room.time.now() }).execute()
  await room.dispatcher.reported('ws', says('isolated'))
}

describe('the first word of an agent after a restore', () => {
  it.each(['isolated', 'isolating'] as const)('%s stays so and becomes what is wanted, without a command', async (actual) => {
    await restore()
    await hears(says(actual))
    expect(await isolation()).toMatchObject({ desired: 'isolated', desired_at: room.time.now(), desired_by: 'agent', actual })
    const [ticket] = await differences()
    expect(ticket).toMatchObject({ endpoint_id: 'ws', team: 'security', severity: 'medium', containment: 'none' })
    expect(await factsOf(ticket?.id ?? '')).toMatchObject({ hostname: 'ws-host', said: actual, wanted: 'open', isAdopted: true })
    expect(await room.store.db.selectFrom('commands').selectAll().execute()).toEqual([])
    expect(
      await room.store.db.selectFrom('audit').select(['action', 'target']).where('action', '!=', 'collector.restore').execute(),
    ).toEqual([{ action: 'endpoint.agents-word', target: 'endpoint:ws' }])
  })

  it.each(['open', 'releasing'] as const)('%s is not isolated again: a ticket asks people', async (actual) => {
    await isolate()
    await restore()
    room.sent.length = 0
    await hears(says(actual))
    expect([await isolation(), room.sent]).toMatchObject([{ desired: 'open', desired_by: 'agent', actual }, []])
    const [ticket] = await differences()
    expect(ticket).toMatchObject({ severity: 'high', containment: 'asked' })
    expect(await factsOf(ticket?.id ?? '')).toMatchObject({ said: actual, wanted: 'isolated', wantedSince: expect.any(String) })
  })

  it.each([
    ['isolated', true],
    ['isolating', true],
    ['open', false],
    ['releasing', false],
  ] as const)('%s, as was wanted, is no ticket', async (actual, isWanted) => {
    if (isWanted) await isolate()
    await restore()
    await hears(says(actual))
    expect([await differences(), (await isolation())?.desired]).toEqual([[], isWanted ? 'isolated' : 'open'])
  })

  it('counts once, and over a restart of the collector', async () => {
    await restore()
    room = await room.restart()
    await hears(says('isolated'))
    await room.desk.releaseEndpoint({ endpointId: 'ws', person, reason: 'enough' })
    await hears(says('isolated'))
    expect([(await isolation())?.desired, await differences()]).toMatchObject(['open', [{ occurrences: 1 }]])
  })

  it('of a command that failed is what that command wanted, where we know it', async () => {
    await isolate()
    const { id } = await room.store.db.selectFrom('commands').select('id').executeTakeFirstOrThrow()
    await restore()
    await hears(says('failed', { commandId: id, detail: 'the rules are there, and packets get out' }))
    expect([await differences(), await isolation()]).toMatchObject([[], { desired: 'isolated', actual: 'failed' }])
  })

  it('of a failure that we know nothing of changes no wish: somebody has to look', async () => {
    await isolate()
    await restore()
    await hears(says('failed', { commandId: 'command-of-later', detail: 'the rules are still there' }))
    const [ticket] = await differences()
    expect([ticket, (await isolation())?.desired]).toMatchObject([{ severity: 'high' }, 'isolated'])
    expect(await factsOf(ticket?.id ?? '')).toMatchObject({ said: 'failed', isAdopted: false, detail: 'the rules are still there' })
  })

  it('does not overrule what a person has wanted since the restore', async () => {
    await restore()
    await room.desk.isolateEndpoint({ endpointId: 'ws', person, reason: 'now' })
    await hears(says('open'))
    expect([(await isolation())?.desired, await differences()]).toEqual(['isolated', []])
    expect(room.sent.map(({ order }) => order.verb)).toContain('isolate-host')
  })

  it('is said on the tickets that had asked for it, and ends no command that is held', async () => {
    room.isConnected = false
    await room.signals(unreadable)
    await restore()
    room.isConnected = true
    await hears(says('open'))
    const said = await room.store.db.selectFrom('timeline').selectAll().where('kind', '=', 'agents-word').execute()
    expect(said).toHaveLength(1)
    expect(JSON.parse(said[0]?.body ?? '')).toMatchObject({ said: 'open', wanted: 'isolated' })
    expect(await room.store.db.selectFrom('commands').select('status').execute()).toEqual([{ status: 'held' }])
    expect(room.sent).toEqual([])
  })

  it('is a ticket for each endpoint that differs, and for no other', async () => {
    await restore()
    for (const endpointId of ['ws', 'srv', 'core']) await hears(says(endpointId === 'core' ? 'open' : 'isolated'), endpointId)
    expect((await differences()).map(({ endpoint_id }) => endpoint_id)).toEqual(['ws', 'srv'])
  })
})

it('before any restore an agent’s word changes no wish', async () => {
  await hears(says('isolated'))
  expect([(await isolation())?.desired, await differences()]).toEqual(['open', []])
})
