import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { days, hours, minutes } from '#shared/domain/time.ts'
import type { ResultRecord } from '#shared/protocol/record.ts'
import { createAudit } from '../../../server/audit/audit.ts'
import { keepResults } from '../../../server/command/command.ts'
import { createHeld, type Held } from '../../../server/desk/held.ts'
import { createLiveBus } from '../../../server/live.ts'
import { readRules, tellOutside } from '../../../server/pipeline/keep.ts'
import { createTurns } from '../../../server/pipeline/turns.ts'
import { settleRestored, startRestored } from '../../../server/restore/restore.ts'
import type { Left } from '../../../server/restore/restore-note.ts'
import { type DeskRoom, openDeskRoom, putSignals } from '../../support/desk-room.ts'
import { letMachinesBeLoud } from '../../support/loud-machines.ts'

const unreadable = { kind: 'security.ransomware.canary', severity: 'critical', state: 'happened', facts: { change: 'unreadable' } } as const
const person = { id: 'person-1', name: 'Ada' }

let room: DeskRoom
beforeEach(async () => {
  room = await openDeskRoom()
})
afterEach(() => room.close())

/** The store as it is now is the backup; it is restored after `lostMs`, and a collector starts on it. */
async function restore(lostMs: number): Promise<Left> {
  const madeAt = room.time.now()
  room.time.jump(lostMs)
  const { store, time, matrix } = room
  const left = await settleRestored(store, readRules(matrix), createAudit({ time }), { madeAt, program: '0.1.0' }, time.now())
  await startRestored(store, readRules(matrix), time.now())
  room = await room.restart()
  await room.pipeline.idle()
  await room.timers.idle()
  return left
}

const command = () => room.store.db.selectFrom('commands').selectAll().orderBy('requested_at').orderBy('id').executeTakeFirstOrThrow()
const tickets = () => room.store.db.selectFrom('tickets').selectAll().orderBy('number').execute()
const entries = async (kind: string): Promise<({ ticket_id: string; actor: string } & Record<string, unknown>)[]> =>
  (await room.store.db.selectFrom('timeline').selectAll().orderBy('at').orderBy('id').execute())
    .filter((entry) => entry.kind === kind)
    .map(({ ticket_id, actor, body }) => ({ ticket_id, actor, ...(JSON.parse(body) as Record<string, unknown>) }))
const openTimers = () =>
  room.store.db.selectFrom('timers').selectAll().where('fired_at', 'is', null).where('cancelled_at', 'is', null).orderBy('due_at').execute()

async function result(outcome: ResultRecord['outcome'], more: Partial<ResultRecord> = {}): Promise<void> {
  const { id: commandId, verb } = await command()
  const now = room.time.now()
  const record: ResultRecord = { v: 1, type: 'result', commandId, verb, outcome, startedAt: now, finishedAt: now, detail: '', ...more }
  await room.store.db.transaction().execute((tx) => keepResults(tx, [{ endpointId: 'ws', result: record }], now))
  await room.pipeline.idle()
}

describe('commands that were under way', () => {
  const held = (): Held => {
    const { store, matrix, time, dispatcher, outbox, timers, pipeline } = room
    const outside = { dispatcher, outbox, timers, pipeline, bus: createLiveBus() }
    return createHeld({
      store,
      rules: readRules(matrix),
      time,
      turns: createTurns(store.db),
      afterCommit: (kept) => tellOutside(kept, outside, time.now()),
    })
  }
  const decide = async (answer: 'send' | 'drop') => held().decide({ commandId: (await command()).id, answer, person })

  it.each([
    ['queued', false],
    ['sent', true],
  ])('%s ones wait for a person, are not sent and do not expire, and their ticket says so', async (status, isConnected) => {
    room.isConnected = isConnected
    await room.signals(unreadable)
    expect(await command()).toMatchObject({ status })
    room.sent.length = 0
    expect(await restore(days(2))).toMatchObject({ commands: 1 })
    room.isConnected = true
    await room.dispatcher.connected('ws')
    await room.time.advance(minutes(10))
    await room.pipeline.idle()
    expect([await command(), room.sent]).toMatchObject([{ status: 'held', settled_at: null, jws: null }, []])
    expect(await entries('command-held')).toMatchObject([{ verb: 'isolate-host', commandId: (await command()).id }])
    expect((await tickets()).map(({ kind }) => kind)).not.toContain('security.isolation.failed')
  })

  it('go out when a person sends them: asked anew, with their whole time, and once', async () => {
    room.isConnected = false
    await room.signals(unreadable)
    await restore(days(2))
    room.isConnected = true
    expect(await decide('send')).toMatchObject({ kind: 'done' })
    await room.dispatcher.idle()
    expect(room.sent).toMatchObject([{ endpointId: 'ws', order: { verb: 'isolate-host', requestedBy: person.id } }])
    const [before, after] = await room.store.db.selectFrom('commands').selectAll().orderBy('requested_at').execute()
    expect([before?.status, after?.status, after?.expires_at]).toEqual(['dropped', 'sent', room.time.now() + hours(24)])
    expect(room.sent[0]?.order.id).toBe(after?.id)
    expect(await held().decide({ commandId: before?.id ?? '', answer: 'send', person })).toMatchObject({ kind: 'refused' })
    expect(await tickets()).toContainEqual(expect.objectContaining({ kind: unreadable.kind, containment: 'answered' }))
  })

  it('are gone when a person drops them', async () => {
    room.isConnected = false
    await room.signals(unreadable)
    await restore(days(2))
    expect(await decide('drop')).toMatchObject({ kind: 'done' })
    room.isConnected = true
    await room.dispatcher.connected('ws')
    expect([await command(), room.sent]).toMatchObject([{ status: 'dropped', settled_at: room.time.now() }, []])
    expect(await entries('command-settled')).toMatchObject([{ actor: person.id, outcome: 'dropped' }])
    await result('failed', { detail: 'it had run' })
    expect(await command()).toMatchObject({ status: 'failed' })
  })

  it('are over when their result comes after all', async () => {
    await room.signals(unreadable)
    await restore(days(2))
    await result('succeeded', { isolation: { actual: 'isolated', readiness: { isReady: true }, since: 1, proof: { seen: true } } })
    expect(await command()).toMatchObject({ status: 'succeeded' })
    expect(await decide('send')).toMatchObject({ kind: 'refused' })
  })

  it('keep no new evidence from being answered: a held one isolates nothing', async () => {
    room.isConnected = false
    await room.signals(unreadable)
    await restore(hours(1))
    await room.signals({ ...unreadable, fingerprint: 'another' })
    expect((await room.store.db.selectFrom('commands').select('status').execute()).map(({ status }) => status).sort()).toEqual([
      'held',
      'sent',
    ])
  })

  it('stay what they are once they had arrived, and are not sent again', async () => {
    await room.signals(unreadable)
    await room.dispatcher.received('ws', (await command()).id, 1)
    room.sent.length = 0
    expect(await restore(hours(1))).toMatchObject({ commands: 0 })
    await room.dispatcher.connected('ws')
    expect([await command(), room.sent]).toMatchObject([{ status: 'delivered' }, []])
    await result('failed', { detail: 'no nft here' })
    expect(await command()).toMatchObject({ status: 'failed' })
  })
})

it('what was taken in and not decided isolates nobody by itself: it is as old as the backup', async () => {
  await putSignals(room.store, [{ ...unreadable, endpointId: 'ws' }], room.time.now())
  const happenedAt = room.time.now()
  await restore(days(2))
  expect(await room.store.db.selectFrom('commands').selectAll().execute()).toEqual([])
  const asked = (await tickets()).filter(({ kind }) => kind === unreadable.kind)
  expect(asked).toMatchObject([{ containment: 'asked', happened_at: happenedAt }])
})

describe('timers that were missed', () => {
  const serviceDown = { kind: 'health.service.down', severity: 'high', endpointId: 'srv' } as const

  it('of many tickets are planned anew in one go, page nobody at once, and are spread', async () => {
    await room.receivers.create({ name: 'pager', notifier: 'webhook', url: 'http://127.0.0.1:9', organisationId: null })
    await letMachinesBeLoud(room)
    await room.signals(...Array.from({ length: 300 }, (_, index) => ({ ...serviceDown, fingerprint: `service-${index}` })))
    const before = await entries('opened')
    await room.store.db.updateTable('outbox').set({ delivered_at: room.time.now() }).execute()
    const left = await restore(days(2))
    expect(left.timers).toBeGreaterThanOrEqual(600)

    const due = (await openTimers()).filter(({ ticket_id }) => before.some((entry) => entry.ticket_id === ticket_id))
    expect(due.filter(({ due_at }) => due_at <= room.time.now())).toEqual([])
    expect(new Set(due.map(({ ticket_id }) => ticket_id)).size).toBe(300)
    const perMinute = Map.groupBy(due, ({ due_at }) => Math.floor(due_at / minutes(1)))
    expect(Math.max(...[...perMinute.values()].map(({ length }) => length))).toBeLessThan(60)
    expect([await entries('promise-broken'), await entries('escalated')]).toEqual([[], []])
    const told = await room.store.db.selectFrom('outbox').select('event').where('delivered_at', 'is', null).execute()
    expect(told).toEqual([{ event: 'ticket.opened' }])
  })

  it('say a broken promise once, as late as it is', async () => {
    await room.signals(serviceDown)
    const [ticket] = await tickets()
    await restore(days(2))
    for (let passed = 0; passed < 14; passed += 1) {
      room.time.jump(hours(1))
      await room.time.advance(minutes(1))
    }
    const broken = (await entries('promise-broken')).filter(({ ticket_id }) => ticket_id === ticket?.id)
    expect(broken.toSorted((a, b) => String(b.promise).localeCompare(String(a.promise)))).toMatchObject([
      { promise: 'respond', due: ticket?.respond_by },
      { promise: 'resolve', due: ticket?.resolve_by },
    ])
    expect(broken.every(({ lateMs }) => Number(lateMs) > days(1))).toBe(true)
  })

  it('say it when a person answers before, too', async () => {
    await room.signals(serviceDown)
    await restore(days(2))
    const [ticket] = await tickets()
    if (!ticket) throw new Error('no ticket')
    await room.desk.resolve({ ticketId: ticket.id, version: ticket.version, person, resolution: 'fixed', note: '' })
    expect(await entries('promise-broken')).toMatchObject([{ promise: 'respond' }, { promise: 'resolve' }])
    expect(await entries('promise-kept')).toEqual([])
  })

  it('close nothing before its agent had its chance to say that it is true again', async () => {
    await room.signals({ ...serviceDown, fingerprint: 'x' })
    await room.signals({ ...serviceDown, fingerprint: 'x', state: 'cleared' })
    await restore(hours(1))
    expect(await tickets()).toContainEqual(expect.objectContaining({ fingerprint: 'x', status: 'new' }))
    await room.time.advance(minutes(10))
    expect(await tickets()).toContainEqual(expect.objectContaining({ fingerprint: 'x', status: 'resolved', resolution: 'cleared' }))
  })

  it('put what missed its digests into the next one', async () => {
    await room.signals({ kind: 'some.thing', severity: 'low', fingerprint: 'low', endpointId: 'srv' })
    await restore(days(3))
    const digests = (await openTimers()).filter(({ kind }) => kind === 'digest')
    expect(digests.map(({ due_at }) => new Date(due_at).toISOString())).toEqual(['2026-11-27T07:00:00.000Z'])
  })

  it('that come due between the restore and the start are planned anew by the start, and only by the first one', async () => {
    await room.signals(serviceDown)
    const { store, time, matrix } = room
    await settleRestored(store, readRules(matrix), createAudit({ time }), { madeAt: time.now(), program: '0.1.0' }, time.now())
    time.jump(hours(3))
    await startRestored(store, readRules(matrix), time.now())
    expect((await openTimers()).filter(({ due_at }) => due_at <= time.now())).toEqual([])
    time.jump(hours(9))
    await startRestored(store, readRules(matrix), time.now())
    expect((await openTimers()).filter(({ due_at }) => due_at <= time.now())).not.toEqual([])
  })
})

describe('what the restore leaves to people', () => {
  it('is summed up in one ticket of the admins and one line of the audit, and names nobody of another organisation', async () => {
    const { db } = room.store
    const row = { password_hash: '', teams: '["tier1"]', is_admin: 0 as const, created_at: 1, disabled_at: null }
    for (const [name, organisation_id] of [
      ['Ada', null],
      ['Acme’s Bob', 'acme'],
      ['Other’s Eve', 'other'],
    ] as const) {
      await db
        .insertInto('people')
        .values({ ...row, id: name, name, login: name, organisation_id })
        .execute()
    }
    await restore(days(2))
    const own = (await tickets()).filter(({ kind }) => kind === 'system.collector.restored')
    expect(own).toMatchObject([{ organisation_id: 'acme', team: 'admin', priority: 'P2' }])
    const { evidence } = await room.store.db
      .selectFrom('signals')
      .select('evidence')
      .where('kind', '=', 'system.collector.restored')
      .executeTakeFirstOrThrow()
    expect(evidence).toContain('Ada (tier1)')
    expect(evidence).toContain('Acme’s Bob')
    expect(evidence).toContain('and 1 of other organisations')
    expect(evidence).not.toContain('Eve')
    expect(await room.store.db.selectFrom('audit').select(['action', 'actor']).execute()).toEqual([
      { action: 'collector.restore', actor: 'system' },
    ])
  })

  it('opens no door: sign-ins and enrolment tokens are over, tokens and sources wait', async () => {
    const { db } = room.store
    const now = room.time.now()
    await db
      .insertInto('sessions')
      .values({ id: 's', person_id: 'p', created_at: now, expires_at: now + days(9) })
      .execute()
    await db
      .insertInto('api_tokens')
      .values({ id: 't', name: 't', hash: 't', person_id: 'p', created_at: now, expires_at: null, revoked_at: null })
      .execute()
    await db
      .insertInto('sources')
      .values({ id: 'x', organisation_id: 'acme', name: 'x', key_hash: 'x', created_at: now, revoked_at: null })
      .execute()
    const token = {
      id: 'e',
      hash: 'e',
      organisation_id: 'acme',
      site_id: null,
      role: null,
      created_by: 'p',
      used_at: null,
      used_by_endpoint_id: null,
    }
    await db
      .insertInto('enrolment_tokens')
      .values({ ...token, created_at: now, expires_at: now + days(9) })
      .execute()
    expect(await restore(hours(1))).toMatchObject({ sessions: 1, tokens: 1, sources: 1, enrolmentTokens: 1, endpoints: 4 })
    expect(await room.store.db.selectFrom('sessions').selectAll().execute()).toEqual([])
  })
})
