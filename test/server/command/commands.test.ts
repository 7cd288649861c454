import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { hours, minutes } from '#shared/domain/time.ts'
import type { ResultRecord } from '#shared/protocol/record.ts'
import { keepResults } from '../../../server/command/command.ts'
import { type DeskRoom, openDeskRoom } from '../../support/desk-room.ts'

const unreadable = { kind: 'security.ransomware.canary', severity: 'critical', state: 'happened', facts: { change: 'unreadable' } } as const

let room: DeskRoom
beforeEach(async () => {
  room = await openDeskRoom()
})
afterEach(() => room.close())

const command = () => room.store.db.selectFrom('commands').selectAll().orderBy('requested_at').orderBy('id').executeTakeFirstOrThrow()
const tickets = () => room.store.db.selectFrom('tickets').selectAll().orderBy('number').execute()
const kinds = async () =>
  (await room.store.db.selectFrom('timeline').select('kind').orderBy('at').orderBy('id').execute()).map(({ kind }) => kind)

const answer = async (outcome: ResultRecord['outcome'], more: Partial<ResultRecord> = {}, endpointId = 'ws'): Promise<void> => {
  const { id, verb } = await command()
  const now = room.time.now()
  const result: ResultRecord = {
    v: 1,
    type: 'result',
    commandId: id,
    verb,
    outcome,
    startedAt: now,
    finishedAt: now,
    detail: 'as asked',
    ...more,
  }
  await room.store.db.transaction().execute((tx) => keepResults(tx, [{ endpointId, result }], now))
  await room.pipeline.idle()
}
const isolated = { actual: 'isolated', readiness: { isReady: true }, since: 1, proof: { collectorAnswered: true } } as const

describe('the life of a command', () => {
  it('is requested, queued, sent, delivered and settled: each a fact with its instant', async () => {
    await room.signals(unreadable)
    expect(await command()).toMatchObject({ status: 'sent', sent_at: room.time.now(), delivered_at: null, settled_at: null })
    await room.time.advance(5)
    await room.dispatcher.received('ws', (await command()).id, 1)
    expect(await command()).toMatchObject({ status: 'delivered', delivered_at: room.time.now() })
    await room.time.advance(5)
    await answer('succeeded', { isolation: isolated })
    expect(await command()).toMatchObject({ status: 'succeeded', settled_at: room.time.now() })
    expect(await room.store.db.selectFrom('isolations').selectAll().execute()).toMatchObject([
      { desired: 'isolated', actual: 'isolated', is_ready: 1, proof: JSON.stringify({ collectorAnswered: true }) },
    ])
    const life = [
      'opened',
      'prioritised',
      'routed',
      'command-requested',
      'promised',
      'command-signed',
      'command-sent',
      'command-delivered',
      'command-settled',
    ]
    // Then the task that follows: to restore it.
    expect((await kinds()).slice(0, life.length)).toEqual(life)
  })

  it('waits for an endpoint that is away, and goes out signed once: the same bytes however often', async () => {
    room.isConnected = false
    await room.signals(unreadable)
    const { jws, status } = await command()
    expect(status).toBe('queued')
    room.isConnected = true
    await room.dispatcher.connected('ws')
    await room.dispatcher.connected('ws')
    expect(room.sent).toHaveLength(2)
    expect(room.sent.map(({ order }) => JSON.stringify(order))).toEqual([jws, jws])
    expect((await kinds()).filter((kind) => kind === 'command-sent')).toHaveLength(1)
  })

  it('is sent again after a restart of the collector, as long as it is not answered', async () => {
    room.isConnected = false
    await room.signals(unreadable)
    room = await room.restart()
    await room.dispatcher.connected('ws')
    expect(room.sent).toHaveLength(1)
    await answer('succeeded', { isolation: isolated })
    await room.dispatcher.connected('ws')
    expect(room.sent).toHaveLength(1)
  })

  it('is settled once: a repeated result changes nothing', async () => {
    await room.signals(unreadable)
    await answer('succeeded', { isolation: isolated })
    await answer('failed')
    expect(await command()).toMatchObject({ status: 'succeeded' })
    expect((await kinds()).filter((kind) => kind === 'command-settled')).toHaveLength(1)
  })

  it.each<[string, Partial<ResultRecord>]>([
    ['nothing', {}],
    ['an open machine', { isolation: { ...isolated, actual: 'open' } }],
    ['an empty proof', { isolation: { ...isolated, proof: {} } }],
    ['the answer to another command', { verb: 'rearm-canaries' }],
  ])('is no isolation when its result shows %s: a P1 says so', async (_what, more) => {
    await room.signals(unreadable)
    await answer('succeeded', more)
    expect(await command()).toMatchObject({ verb: 'isolate-host', status: 'failed' })
    expect((await room.store.db.selectFrom('isolations').select('actual').execute()).map(({ actual }) => actual)).not.toContain('isolated')
    expect(await tickets()).toContainEqual(expect.objectContaining({ kind: 'security.isolation.failed', priority: 'P1' }))
  })

  it('is not settled by another machine', async () => {
    await room.signals(unreadable)
    await answer('succeeded', {}, 'srv')
    expect(await command()).toMatchObject({ status: 'sent' })
  })

  it('is delivered by the word of its own machine only, and a claim about an unknown one writes nothing', async () => {
    await room.signals(unreadable)
    const { id } = await command()
    let writes = 0
    const { transaction } = room.store.db
    room.store.db.transaction = () => {
      writes += 1
      return transaction.call(room.store.db)
    }
    await room.dispatcher.received('srv', id, 1)
    await room.dispatcher.received('ws', 'never-sent', 1)
    expect(writes).toBe(0)
    await room.dispatcher.received('ws', id, 1)
    await room.dispatcher.received('ws', id, 1)
    expect(writes).toBe(1)
    expect(await command()).toMatchObject({ status: 'delivered' })
  })

  it('expires when nobody answers, and what the machine says later is the fact', async () => {
    room.isConnected = false
    await room.signals(unreadable)
    room.time.jump(hours(24))
    await room.time.advance(minutes(5))
    expect(await command()).toMatchObject({ status: 'expired' })
    room.isConnected = true
    await room.dispatcher.connected('ws')
    expect(room.sent).toEqual([])
    await answer('succeeded', { isolation: isolated })
    expect(await command()).toMatchObject({ status: 'succeeded' })
  })
})

describe('a verb that the agent does not name', () => {
  it('is not sent: its command is refused with a sentence, once, and that is an alarm', async () => {
    room.unnamed = ['isolate-host']
    await room.signals(unreadable)
    await room.pipeline.idle()
    const { status, result } = await command()
    expect([status, JSON.parse(result ?? '').detail]).toEqual(['refused', expect.stringMatching(/does not know isolate-host/)])
    expect(await tickets()).toMatchObject([{ kind: 'security.ransomware.canary' }, { kind: 'security.isolation.failed', priority: 'P1' }])
    await room.dispatcher.connected('ws')
    expect(room.sent).toEqual([])
    expect((await kinds()).filter((kind) => kind === 'command-settled')).toHaveLength(1)
  })

  it('waits for its machine, and is refused when that comes back without it', async () => {
    room.isConnected = false
    await room.signals(unreadable)
    expect(await command()).toMatchObject({ status: 'queued' })
    Object.assign(room, { isConnected: true, unnamed: ['isolate-host'] })
    await room.dispatcher.connected('ws')
    await room.pipeline.idle()
    expect(await command()).toMatchObject({ status: 'refused', sent_at: null })
  })

  it('says nothing of a command that was sent before: it may have run', async () => {
    await room.signals(unreadable)
    room.unnamed = ['isolate-host']
    await room.dispatcher.connected('ws')
    await room.pipeline.idle()
    expect(await command()).toMatchObject({ status: 'sent' })
    await answer('succeeded', { isolation: isolated })
    expect(await command()).toMatchObject({ status: 'succeeded' })
  })
})

describe('an isolation that does not happen', () => {
  it.each(['failed', 'refused', 'unknown'] as const)('%s: is a P1 of its own', async (outcome) => {
    await room.signals(unreadable)
    await answer(outcome, { detail: 'no nft here' })
    expect(await tickets()).toMatchObject([
      { kind: 'security.ransomware.canary' },
      { kind: 'security.isolation.failed', priority: 'P1', team: 'security', fingerprint: 'isolation.failed' },
    ])
  })

  it('expired: too', async () => {
    room.isConnected = false
    await room.signals(unreadable)
    room.time.jump(hours(24))
    await room.time.advance(minutes(5))
    await room.pipeline.idle()
    expect((await tickets()).map(({ kind }) => kind)).toContain('security.isolation.failed')
  })

  it('expired while we were away: only once its machine has had its chance to say what it did', async () => {
    await room.signals(unreadable)
    room.time.jump(hours(30))
    room = await room.restart()
    await room.pipeline.idle()
    await room.time.advance(minutes(2))
    expect(await command()).toMatchObject({ status: 'sent' })
    await answer('succeeded', { isolation: isolated })
    await room.time.advance(minutes(5))
    await room.pipeline.idle()
    expect(await command()).toMatchObject({ status: 'succeeded' })
    expect((await tickets()).map(({ kind }) => kind)).toEqual(['security.ransomware.canary', 'task.restore'])
  })

  it('expired, but its machine is cut off by its own word with its proof: no alarm', async () => {
    await room.signals(unreadable)
    await room.dispatcher.reported('ws', { ...isolated })
    room.time.jump(hours(30))
    await room.time.advance(minutes(5))
    await room.pipeline.idle()
    expect(await command()).toMatchObject({ status: 'expired' })
    expect((await tickets()).map(({ kind }) => kind)).toEqual(['security.ransomware.canary', 'task.restore'])
  })

  it('may be tried again by a person', async () => {
    await room.signals(unreadable)
    const ticket = (await tickets())[0]
    if (!ticket) throw new Error('no ticket')
    const act = { ticketId: ticket.id, person: { id: 'p', name: 'P' }, reason: 'again' }
    expect(await room.desk.isolate({ ...act, version: ticket.version })).toMatchObject({ kind: 'refused' })
    await answer('failed')
    const after = await room.store.db.selectFrom('tickets').selectAll().where('id', '=', ticket.id).executeTakeFirstOrThrow()
    expect(await room.desk.isolate({ ...act, version: after.version })).toMatchObject({ kind: 'done' })
  })
})

it('what an endpoint says of its isolation is kept beside what is wanted', async () => {
  await room.dispatcher.reported('srv', { actual: 'open', readiness: { isReady: false, reason: 'off (local trial)' }, since: 1 })
  expect(await room.store.db.selectFrom('isolations').selectAll().execute()).toMatchObject([
    { endpoint_id: 'srv', desired: 'open', actual: 'open', is_ready: 0, detail: 'off (local trial)' },
  ])
})

describe('where operators are named', () => {
  const isolate = async (endpointId: string): Promise<void> => {
    room.isConnected = false
    await room.signals({ ...unreadable, endpointId })
    const [ticket] = await tickets()
    if (!ticket) throw new Error('no ticket')
    const act = { ticketId: ticket.id, version: ticket.version, person: { id: 'p', name: 'P' }, reason: 'it looks bad' }
    expect(await room.desk.isolate(act)).toMatchObject({ kind: 'done' })
    await room.dispatcher.idle()
  }
  const name = (): void => {
    room.register = { operators: [], issuedAt: room.time.now() }
  }

  it('a command that was queued before waits for their signatures, and does not go out as it was', async () => {
    await isolate('core')
    expect(await command()).toMatchObject({ status: 'queued' })
    name()
    room.isConnected = true
    await room.dispatcher.connected('core')
    expect(room.sent).toEqual([])
    expect(await command()).toMatchObject({ status: 'unsigned', jws: null, signatures: '[]' })
  })

  it('a machine is what its agent takes it for: by its facts, whatever a person says here later', async () => {
    name()
    await room.store.db.updateTable('endpoints').set({ confirmed_role: 'server' }).where('id', '=', 'core').execute()
    await isolate('core')
    expect(await command()).toMatchObject({ status: 'unsigned' })
  })

  it('a machine is what its agent takes it for: by the token that enrolled it', async () => {
    name()
    const token = { id: 'token-1', hash: 'h', organisation_id: 'acme', site_id: null, role: 'server', created_by: 'system' } as const
    const used = { created_at: 1, expires_at: 2, used_at: 1, used_by_endpoint_id: 'unknown' }
    await room.store.db
      .insertInto('enrolment_tokens')
      .values({ ...token, ...used })
      .execute()
    await isolate('unknown')
    expect(await command()).toMatchObject({ status: 'queued' })
  })
})
