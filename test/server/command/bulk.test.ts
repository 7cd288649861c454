import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Role } from '#shared/domain/endpoint.ts'
import { hours, minutes } from '#shared/domain/time.ts'
import { createAudit } from '../../../server/audit/audit.ts'
import { keepResults, requestCommands } from '../../../server/command/command.ts'
import { holdUnderWay } from '../../../server/command/held.ts'
import { dropUndelivered } from '../../../server/command/leave.ts'
import type { BulkAsking } from '../../../server/desk/bulk.ts'
import { type DeskRoom, openDeskRoom } from '../../support/desk-room.ts'
import { operatorOf, personsKey, signOrder } from '../../support/operators.ts'

const ids = Array.from({ length: 12 }, (_, index) => `pc-${String(index + 1).padStart(2, '0')}`)
const person = { id: 'p', name: 'Paula' }
const script = { script: 'true', sha256: 'b5bea41b6c623f7c09f1bf24dcae58ebab3c0cdd90ad966bc43a45b44867e12b' }

let room: DeskRoom
beforeEach(async () => {
  room = await openDeskRoom({ roles: Object.fromEntries(ids.map((id): [string, Role] => [id, 'workstation'])) })
  await room.time.advance(minutes(3))
})
afterEach(() => room.close())

const asking = (more: Partial<BulkAsking> = {}): BulkAsking => ({
  ...{ organisationId: 'acme', verb: 'run-script', args: script, reason: 'r', endpointIds: ids },
  ...{ failPercent: 10, waitMinutes: 10, hours: 24, isAtOnce: false, person, ...more },
})
const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 3; turn += 1) for (const each of [room.bulk, room.dispatcher, room.pipeline]) await each.idle()
}
const ask = async (more: Partial<BulkAsking> = {}): Promise<string> => {
  const { id, outcome } = await room.bulk.ask(asking(more))
  expect(outcome).toMatchObject({ kind: 'done' })
  await settled()
  return id
}
const answer = async (orderId: string, outcome: 'succeeded' | 'failed', ...endpointIds: string[]): Promise<void> => {
  const now = room.time.now()
  const about = { v: 1, type: 'result', commandId: orderId, verb: 'run-script', startedAt: now, finishedAt: now, detail: outcome } as const
  const results = endpointIds.map((endpointId) => ({ endpointId, result: { ...about, outcome } }))
  await room.store.db.transaction().execute((tx) => keepResults(tx, results, now))
  room.pipeline.nudge(false)
  await settled()
}
const commands = () => room.store.db.selectFrom('commands').selectAll().orderBy('endpoint_id').execute()
const statuses = async () => (await commands()).map(({ endpoint_id, status }) => `${endpoint_id} ${status}`)
const only = () => room.store.db.selectFrom('bulks').selectAll().executeTakeFirstOrThrow()
const sentTo = () => room.sent.map(({ endpointId }) => endpointId)
const audited = async () => {
  const rows = await room.store.db
    .selectFrom('audit')
    .select(['action', 'actor'])
    .where('target', 'like', 'bulk:%')
    .orderBy('number')
    .execute()
  return rows.map(({ action, actor }) => `${action} ${actor}`)
}

describe('one order for many machines', () => {
  it('goes to one, to a tenth, to all: one signature over the list, and each is settled by its own answer', async () => {
    const id = await ask()
    expect(sentTo()).toEqual(['pc-01'])
    expect(room.sent[0]?.order).toMatchObject({ id, endpoints: ids, staged: { sizes: [1, 2, 9], failPercent: 10 } })
    await answer(id, 'succeeded', 'pc-01')
    expect(sentTo()).toEqual(['pc-01', 'pc-02', 'pc-03'])
    await room.dispatcher.received('pc-03', id, 1)
    await room.dispatcher.progress('pc-03', { kind: 'progress', commandId: id, text: 'half' })
    expect(await statuses()).toEqual(['pc-01 succeeded', 'pc-02 sent', 'pc-03 running'])
    const third = (await commands()).find(({ endpoint_id }) => endpoint_id === 'pc-03')
    expect(room.dispatcher.liveOf(third?.id ?? '')).toMatchObject({ text: 'half' })
    await answer(id, 'succeeded', 'pc-02', 'pc-03')
    expect(sentTo()).toHaveLength(12)
    await answer(id, 'succeeded', ...ids.slice(3))
    expect(await only()).toMatchObject({ status: 'done', stage: 3 })
    expect(new Set(room.sent.map(({ order }) => JSON.stringify(order))).size).toBe(1)
    expect(new Set(sentTo()).size).toBe(sentTo().length)
    expect(await audited()).toEqual(['bulk.stage system', 'bulk.stage system', 'bulk.stage system', 'bulk.done system'])
    expect(room.heard).toContainEqual(expect.objectContaining({ topic: 'bulk', id, organisationId: 'acme' }))
  })

  it('stops by itself when one of the second stage fails, takes back what has not arrived, and says why', async () => {
    room.away.add('pc-03')
    const id = await ask({ endpointIds: ids })
    expect(room.sent[0]?.order.endpoints.at(-1)).toBe('pc-03')
    await answer(id, 'succeeded', 'pc-01')
    room.away.add('pc-04')
    await answer(id, 'failed', 'pc-02')
    expect(await only()).toMatchObject({ status: 'stopped', stage: 2, note: expect.stringContaining('stage 2') })
    expect(await statuses()).toEqual(['pc-01 succeeded', 'pc-02 failed', 'pc-04 dropped'])
    room.away.clear()
    await room.dispatcher.connected('pc-04')
    await room.time.advance(minutes(30))
    expect(new Set(sentTo())).toEqual(new Set(['pc-01', 'pc-02', 'pc-04']))
    expect(sentTo()).toHaveLength(3)
    expect((await audited()).at(-1)).toBe('bulk.stopped system')
  })

  it('goes on when a person says so, exactly where it stood, and nobody has it twice', async () => {
    const id = await ask()
    await answer(id, 'failed', 'pc-01')
    expect(await only()).toMatchObject({ status: 'stopped', stage: 1 })
    expect(await room.bulk.goOn({ id, person, reason: 'its disk was full' })).toMatchObject({ kind: 'done' })
    await settled()
    expect(sentTo()).toEqual(['pc-01', 'pc-02', 'pc-03'])
    expect(await room.bulk.goOn({ id, person, reason: 'again' })).toMatchObject({ kind: 'refused' })
    expect(await room.bulk.end({ id, person, reason: 'enough' })).toMatchObject({ kind: 'done' })
    expect(await only()).toMatchObject({ status: 'ended', note: 'Paula: enough', jws: null })
    expect(await room.bulk.stop({ id, person, reason: 'too late' })).toMatchObject({ kind: 'refused' })
    // It had left before it was taken back: what the machine says is the fact.
    await answer(id, 'succeeded', 'pc-02')
    expect(await statuses()).toEqual(['pc-01 failed', 'pc-02 succeeded', 'pc-03 dropped'])
  })

  it('who is away keeps its order until it expires, and holds up nobody', async () => {
    room.away.add('pc-12').add('pc-11')
    const id = await ask()
    await answer(id, 'succeeded', 'pc-01')
    await answer(id, 'succeeded', 'pc-02', 'pc-03')
    await answer(id, 'succeeded', ...ids.slice(3, 10))
    expect(await only()).toMatchObject({ status: 'running', stage: 3 })
    room.away.delete('pc-12')
    await room.dispatcher.connected('pc-12')
    expect(sentTo()).toHaveLength(11)
    await answer(id, 'succeeded', 'pc-12')
    room.time.jump(hours(24))
    await room.time.advance(minutes(5))
    await settled()
    expect(await statuses()).toContain('pc-11 expired')
    expect(await only()).toMatchObject({ status: 'done' })
  })

  it('goes on where it was after a crash, and sends again what was not answered under the same id', async () => {
    const id = await ask()
    await answer(id, 'succeeded', 'pc-01')
    await answer(id, 'succeeded', 'pc-02')
    room = await room.restart()
    room.bulk.nudge()
    await settled()
    expect(await only()).toMatchObject({ status: 'running', stage: 2 })
    await room.dispatcher.connected('pc-03')
    expect(room.sent.map(({ endpointId, order }) => `${endpointId} ${order.id}`)).toEqual([`pc-03 ${id}`])
    await answer(id, 'succeeded', 'pc-03')
    expect(sentTo()).toHaveLength(10)
  })

  it('no machine answers for another', async () => {
    const id = await ask()
    await answer(id, 'succeeded', 'pc-09')
    expect(await statuses()).toEqual(['pc-01 sent'])
    const [{ id: row } = { id: '' }] = await commands()
    await answer(row, 'succeeded', 'pc-02')
    expect(await statuses()).toEqual(['pc-01 sent'])
  })
})

describe('the signatures of operators', () => {
  it('are two over the very bytes of the whole list where it is risky, and nothing goes out before', async () => {
    const [anna, bert] = [await personsKey(), await personsKey()]
    const now = room.time.now()
    room.register = { issuedAt: now, operators: [operatorOf('Anna', anna, now), operatorOf('Bert', bert, now)] }
    const id = await ask()
    const { status, payload } = await only()
    expect([status, sentTo()]).toEqual(['unsigned', []])
    const order = JSON.parse(payload ?? '')
    expect(order.endpoints).toEqual(ids)
    expect(await room.bulk.sign(id, await signOrder(anna, { ...order, endpoints: [...ids, 'one-more'] }), person)).toMatchObject({
      kind: 'refused',
    })
    expect(await room.bulk.sign(id, await signOrder(anna, order), person)).toMatchObject({ kind: 'waits', signed: 1, needed: 2 })
    expect(await room.bulk.sign(id, await signOrder(anna, order), person)).toMatchObject({ kind: 'refused' })
    expect(await room.bulk.sign(id, await signOrder(bert, order), person)).toMatchObject({ kind: 'queued' })
    expect(await only()).toMatchObject({ status: 'running' })
    expect(await audited()).toEqual(expect.arrayContaining(['bulk.signed operator:Anna', 'bulk.signed operator:Bert']))
  })

  it('come too late once its time is over', async () => {
    const anna = await personsKey()
    const now = room.time.now()
    room.register = { issuedAt: now, operators: [operatorOf('Anna', anna, now)] }
    const id = await ask({ hours: 1 })
    const order = JSON.parse((await only()).payload ?? '')
    room.time.jump(hours(1))
    expect(await room.bulk.sign(id, await signOrder(anna, order), person)).toMatchObject({ kind: 'refused' })
    await room.time.advance(minutes(1))
    expect(await only()).toMatchObject({ status: 'expired', jws: null })
    expect(await audited()).toEqual(['bulk.expired system'])
  })

  it('are asked anew for the whole when operators are named meanwhile', async () => {
    room.away.add('pc-01').add('pc-02')
    await ask({ endpointIds: ['pc-01', 'pc-02'] })
    expect(await statuses()).toEqual(['pc-01 queued'])
    const now = room.time.now()
    room.register = { issuedAt: now, operators: [operatorOf('Anna', await personsKey(), now)] }
    room.away.clear()
    await room.dispatcher.connected('pc-01')
    await settled()
    expect([await statuses(), sentTo()]).toEqual([['pc-01 unsigned'], []])
    expect(await only()).toMatchObject({ status: 'unsigned', jws: null })
  })
})

describe('what can’t be one order', () => {
  it('is said before anything goes out', async () => {
    const plan = await room.bulk.plan(asking())
    expect(plan).toMatchObject({ stages: [1, 2, 9], refused: null, operators: null })
    expect(plan.machines.map(({ stage }) => stage)).toEqual([1, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3, 3])
    const long = { script: 'x'.repeat(47_300), sha256: script.sha256 }
    expect((await room.bulk.plan(asking({ args: long }))).refused).toMatch(/\d+ of these 12 machines fit; ask in \d+ orders/)
    expect((await room.bulk.ask(asking({ args: { ...long, script: 'x'.repeat(50_000) } }))).outcome).toMatchObject({ kind: 'refused' })
    expect((await room.bulk.plan(asking({ isAtOnce: true }))).refused).toContain('in stages')
  })

  it('an isolation may leave out the stages', async () => {
    await ask({ verb: 'isolate-host', args: {}, isAtOnce: true })
    expect(sentTo()).toHaveLength(12)
    const wanted = await room.store.db.selectFrom('isolations').select('desired').execute()
    expect(wanted.map(({ desired }) => desired)).toEqual(Array.from({ length: 12 }, () => 'isolated'))
  })
})

describe('what ends it from outside', () => {
  it('a restore: what was under way waits for a person machine by machine', async () => {
    await ask()
    const { record } = createAudit({ time: room.time })
    await room.store.db.transaction().execute((tx) => holdUnderWay(tx, record, room.time.now()))
    expect((await audited()).at(-1)).toBe('bulk.ended system')
    expect(await only()).toMatchObject({ status: 'ended', note: expect.stringContaining('restored') })
    expect(await statuses()).toEqual(['pc-01 held'])
  })

  it('whoever asked leaves; of isolations only those of tickets stay', async () => {
    room.isConnected = false
    await ask()
    await ask({ verb: 'isolate-host', args: {}, isAtOnce: true })
    const { db, capabilities } = room.store
    const isolation = { id: 'command-1', verb: 'isolate-host', requestedBy: 'p', reason: 'r', organisationId: 'acme', endpointId: 'pc-12' }
    const now = room.time.now()
    await db.transaction().execute(async (tx) => {
      await requestCommands(tx, capabilities.putRows, [{ ...isolation, ticketId: 'ticket-1' }], now)
      const { record } = createAudit({ time: room.time })
      await dropUndelivered(tx, { personId: 'p', operator: undefined, note: 'gone', record }, now)
    })
    const left = await room.store.db.selectFrom('bulks').select(['verb', 'status', 'note']).orderBy('verb').execute()
    expect(left).toEqual([
      { verb: 'isolate-host', status: 'ended', note: 'gone' },
      { verb: 'run-script', status: 'ended', note: 'gone' },
    ])
    expect((await audited()).filter((line) => line.startsWith('bulk.ended'))).toHaveLength(2)
    expect((await commands()).filter(({ status }) => status !== 'dropped').map(({ id }) => id)).toEqual(['command-1'])
  })
})
