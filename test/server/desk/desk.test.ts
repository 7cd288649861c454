import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { minutes } from '#shared/domain/time.ts'
import type { TicketsTable } from '../../../server/store/tables/ticket.ts'
import { sentence } from '../../../server/ticket/sentences.ts'
import { type DeskRoom, openDeskRoom } from '../../support/desk-room.ts'

const person = { id: 'person-1', name: 'Ada' }
const canary = { kind: 'security.ransomware.canary', severity: 'critical', state: 'happened', facts: { change: 'edited' } } as const

let room: DeskRoom
beforeEach(async () => {
  room = await openDeskRoom()
})
afterEach(() => room.close())

const only = (): Promise<TicketsTable> => room.store.db.selectFrom('tickets').selectAll().executeTakeFirstOrThrow()
const act = async () => {
  const { id, version } = await only()
  return { ticketId: id, version, person }
}
const timers = async () =>
  (
    await room.store.db
      .selectFrom('timers')
      .select('kind')
      .where('fired_at', 'is', null)
      .where('cancelled_at', 'is', null)
      .orderBy('kind')
      .execute()
  ).map(({ kind }) => kind)
const kinds = async () =>
  (await room.store.db.selectFrom('timeline').select('kind').orderBy('at').orderBy('id').execute()).map(({ kind }) => kind)

describe('taking a ticket', () => {
  it('is the response that was promised, and starts the box of work', async () => {
    await room.signals({ endpointId: 'srv' })
    const before = await only()
    expect(await room.desk.acknowledge(await act())).toEqual({ kind: 'done', version: before.version + 1 })
    expect(await only()).toMatchObject({
      status: 'acknowledged',
      owner_id: 'person-1',
      responded_at: room.time.now(),
      touched_at: room.time.now(),
    })
    expect(await kinds()).toEqual(['opened', 'prioritised', 'routed', 'promised', 'acknowledged', 'promise-kept'])
    expect(await timers()).toEqual(['promise-share', 'resolve-due', 'time-box', 'untouched'])
  })

  it('twice is illegal, and the legal acts are named', async () => {
    await room.signals({ endpointId: 'srv' })
    await room.desk.acknowledge(await act())
    expect(await room.desk.acknowledge(await act())).toEqual({ kind: 'illegal', legal: ['wait', 'resolve', 'escalate'] })
  })

  it('on an old version: one wins, the other is told', async () => {
    await room.signals({ endpointId: 'srv' })
    const same = await act()
    const both = await Promise.all([room.desk.acknowledge(same), room.desk.resolve({ ...same, resolution: 'fixed', note: '' })])
    expect(both).toEqual([
      { kind: 'done', version: 2 },
      { kind: 'stale', version: 2 },
    ])
  })

  it('that is not there', async () => {
    expect(await room.desk.acknowledge({ ticketId: 'nothing', version: 1, person })).toEqual({ kind: 'missing' })
  })
})

describe('commenting', () => {
  it('is a response too, and starts no box', async () => {
    await room.signals({ endpointId: 'srv' })
    await room.desk.comment({ ...(await act()), text: 'Looking' })
    expect(await only()).toMatchObject({ status: 'new', responded_at: room.time.now(), acknowledged_at: null })
    expect(await timers()).toEqual(['promise-share', 'resolve-due'])
  })

  it('on an ended ticket owes nothing any more', async () => {
    await room.signals({ endpointId: 'srv' })
    await room.desk.resolve({ ...(await act()), resolution: 'fixed', note: 'Deleted old logs' })
    await room.desk.comment({ ...(await act()), text: 'It was the backup' })
    expect(await timers()).toEqual([])
  })
})

describe('resolving', () => {
  it('ends every timer, and keeps both promises', async () => {
    await room.signals({ endpointId: 'srv' })
    await room.desk.resolve({ ...(await act()), resolution: 'fixed', note: 'Deleted old logs' })
    expect(await only()).toMatchObject({ status: 'resolved', resolution: 'fixed', resolved_at: room.time.now() })
    expect(await timers()).toEqual([])
    expect((await kinds()).slice(4)).toEqual(['resolved', 'promise-kept', 'promise-kept'])
    expect(await room.desk.resolve({ ...(await act()), resolution: 'fixed', note: '' })).toEqual({ kind: 'illegal', legal: ['reopen'] })
  })

  it('arms the canaries of that machine again', async () => {
    await room.signals(canary)
    await room.desk.resolve({ ...(await act()), resolution: 'false-alarm', note: 'That was me' })
    await room.dispatcher.idle()
    expect(room.sent.map(({ order }) => order.verb)).toEqual(['rearm-canaries'])
    expect(await only()).toMatchObject({ containment: 'answered' })
  })
})

describe('containing', () => {
  it('answers the question with yes, and can be undone', async () => {
    await room.signals(canary)
    expect(await room.desk.isolate({ ...(await act()), reason: 'It spreads' })).toMatchObject({ kind: 'done' })
    await room.dispatcher.idle()
    expect((await kinds()).slice(3)).toEqual([
      'containment-asked',
      'promised',
      'containment-answered',
      'promise-kept',
      'command-requested',
      'command-signed',
      'command-sent',
    ])
    expect(await room.desk.isolate({ ...(await act()), reason: 'again' })).toMatchObject({ kind: 'refused' })
    expect(await room.desk.release({ ...(await act()), reason: 'False alarm' })).toMatchObject({ kind: 'done' })
    await room.dispatcher.idle()
    expect(room.sent.map(({ order }) => [order.verb, order.requestedBy, order.reason])).toEqual([
      ['isolate-host', 'person-1', 'It spreads'],
      ['release-host', 'person-1', 'False alarm'],
    ])
  })

  it('is refused where there is nothing to contain or to release', async () => {
    await room.signals({ endpointId: null, kind: 'request.mail', severity: 'low', state: 'happened' })
    expect(await room.desk.isolate({ ...(await act()), reason: 'x' })).toMatchObject({ kind: 'refused' })
    expect(await room.desk.releaseEndpoint({ endpointId: 'ws', person, reason: 'x' })).toMatchObject({ kind: 'refused' })
    expect(await room.desk.isolateEndpoint({ endpointId: 'nobody', person, reason: 'x' })).toEqual({ kind: 'missing' })
  })

  it('works on an endpoint without a ticket', async () => {
    expect(await room.desk.isolateEndpoint({ endpointId: 'core', person, reason: 'Seen on the network' })).toMatchObject({ kind: 'done' })
    await room.dispatcher.idle()
    expect(room.sent).toMatchObject([{ endpointId: 'core', order: { verb: 'isolate-host', args: {} } }])
  })
})

describe('a person opens a ticket', () => {
  it('and the matrix decides about it as about any other', async () => {
    const id = await room.desk.open({
      organisationId: 'acme',
      endpointId: 'ws',
      title: 'Excel hangs',
      text: 'Since this morning',
      urgency: 'high',
      person,
    })
    expect(await only()).toMatchObject({
      id,
      title: 'Excel hangs',
      priority: 'P3',
      tier: 'tier1',
      endpoint_id: 'ws',
      rule: 'request',
      touched_at: null,
      responded_at: null,
    })
    expect(await kinds()).toEqual(['opened', 'commented', 'prioritised', 'routed', 'promised'])
    expect(await timers()).toEqual(['promise-share', 'resolve-due', 'respond-due'])
  })

  it('never about another organisation’s machine', async () => {
    await expect(
      room.desk.open({ organisationId: 'other', endpointId: 'ws', title: 'x', text: '', urgency: 'low', person }),
    ).rejects.toThrow('no such machine')
  })
})

it('golden case 13: taken at 09:20, unsolved at 09:35, moved to tier2 by its time-box', async () => {
  await room.desk.open({ organisationId: 'acme', endpointId: 'ws', title: 'Excel hangs', text: '', urgency: 'high', person })
  await room.time.advance(minutes(20))
  await room.desk.acknowledge(await act())
  await room.time.advance(minutes(15) - 1)
  expect(await only()).toMatchObject({ tier: 'tier1' })
  await room.time.advance(1)
  expect(await only()).toMatchObject({ tier: 'tier2', team: 'tier2', status: 'new', owner_id: null })
  const entry = await room.store.db.selectFrom('timeline').selectAll().where('kind', '=', 'escalated').executeTakeFirstOrThrow()
  expect(sentence({ kind: entry.kind, body: JSON.parse(entry.body) as Record<string, unknown> })).toBe(
    'Moved from tier1 to tier2: its time there was over.',
  )
})

it('golden case 14: not taken by noon, it is still in tier1', async () => {
  await room.desk.open({ organisationId: 'acme', endpointId: 'ws', title: "can't print", text: '', urgency: 'medium', person })
  await room.time.advance(minutes(180))
  expect(await only()).toMatchObject({ priority: 'P4', tier: 'tier1' })
})
