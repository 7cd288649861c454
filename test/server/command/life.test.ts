import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { hours, minutes } from '#shared/domain/time.ts'
import { keepResults, requestCommands, type Wanted } from '../../../server/command/command.ts'
import { maxAtOnce } from '../../../server/command/on-their-way.ts'
import { createFind } from '../../../server/desk/unknown.ts'
import { createTurns } from '../../../server/pipeline/turns.ts'
import { keepEntries } from '../../../server/ticket/ticket.ts'
import { type DeskRoom, openDeskRoom } from '../../support/desk-room.ts'

const unreadable = { kind: 'security.ransomware.canary', severity: 'critical', state: 'happened', facts: { change: 'unreadable' } } as const
const script = { script: 'true', sha256: 'b5bea41b6c623f7c09f1bf24dcae58ebab3c0cdd90ad966bc43a45b44867e12b' }

let room: DeskRoom
let ticketId: string
beforeEach(async () => {
  room = await openDeskRoom()
  await room.signals({ kind: 'health.disk.full', endpointId: 'srv', facts: { usedRatio: 0.99, freeBytes: 1, totalBytes: 100 } })
  ticketId = (await room.store.db.selectFrom('tickets').select('id').executeTakeFirstOrThrow()).id
})
afterEach(() => room.close())

const request = async (count: number, more: Partial<Wanted> = {}): Promise<void> => {
  const about = {
    verb: 'run-script',
    args: script,
    organisationId: 'acme',
    endpointId: 'srv',
    ticketId,
    requestedBy: 'p',
    reason: 'r',
    ...more,
  }
  const wanted = Array.from({ length: count }, () => ({ ...about, id: randomUUID() }))
  const { db, capabilities } = room.store
  await db.transaction().execute((tx) => requestCommands(tx, capabilities.putRows, wanted, room.time.now()))
  room.dispatcher.nudge()
  await room.dispatcher.idle()
}
const commands = () => room.store.db.selectFrom('commands').selectAll().orderBy('requested_at').orderBy('id').execute()
const only = async () => {
  const [command] = await commands()
  if (!command) throw new Error('nothing was asked')
  return command
}
const kinds = async () => {
  const rows = await room.store.db.selectFrom('timeline').select('kind').orderBy('at').orderBy('id').execute()
  return rows.map(({ kind }) => kind).filter((kind) => kind.startsWith('command-'))
}
const answer = async (commandId: string, outcome: 'succeeded' | 'unknown' = 'succeeded'): Promise<void> => {
  const now = room.time.now()
  const result = { v: 1, type: 'result', commandId, verb: 'run-script', outcome, startedAt: now, finishedAt: now, detail: 'done' } as const
  await room.store.db.transaction().execute((tx) => keepResults(tx, [{ endpointId: 'srv', result }], now))
  room.pipeline.nudge(false)
  await room.pipeline.idle()
  await room.dispatcher.idle()
}
const sent = (verb: string) => room.sent.filter(({ order }) => order.verb === verb)

describe('a script', () => {
  it('arrives, begins, comes along and ends: each a fact with its instant, and what it writes is heard while it runs', async () => {
    await request(1)
    const { id } = await only()
    await room.dispatcher.received('srv', id, 1)
    await room.time.advance(10)
    await room.dispatcher.progress('srv', { kind: 'progress', commandId: id })
    const beganAt = room.time.now()
    await room.time.advance(10)
    await room.dispatcher.progress('srv', { kind: 'progress', commandId: id, text: 'one <b>', done: 0.5, note: 'half' })
    await room.dispatcher.progress('srv', { kind: 'progress', commandId: id, text: 'two', isCut: true })
    expect(await only()).toMatchObject({ status: 'running', running_at: beganAt, delivered_at: beganAt - 10 })
    expect(room.dispatcher.liveOf(id)).toEqual({ done: 0.5, note: 'half', text: 'one <b>two', isCut: true })
    expect(room.heard).toContainEqual(expect.objectContaining({ topic: 'progress', id, organisationId: 'acme' }))
    await answer(id)
    expect(await only()).toMatchObject({ status: 'succeeded' })
    expect(room.dispatcher.liveOf(id)).toBeUndefined()
    expect(await kinds()).toEqual(['command-signed', 'command-sent', 'command-delivered', 'command-running', 'command-settled'])
  })

  it('that has begun has arrived, although nobody heard of that; and no other machine speaks for it', async () => {
    await request(1)
    const { id } = await only()
    await room.dispatcher.progress('ws', { kind: 'progress', commandId: id, text: 'a lie' })
    expect([room.dispatcher.liveOf(id), (await only()).status]).toEqual([undefined, 'sent'])
    await room.dispatcher.progress('srv', { kind: 'progress', commandId: id })
    await room.dispatcher.received('srv', id, 1)
    expect(await only()).toMatchObject({ status: 'running', delivered_at: room.time.now() })
  })

  it('that arrived and is never answered has an unknown outcome, which a person settles once', async () => {
    await request(1)
    const { id } = await only()
    await room.dispatcher.received('srv', id, 1)
    room.time.jump(hours(5))
    await room.time.advance(minutes(5))
    expect(await only()).toMatchObject({ status: 'unknown', result: null })
    const sayOnTimeline: Parameters<typeof createFind>[0]['sayOnTimeline'] = (tx, about, entry) =>
      keepEntries(tx, room.store.capabilities.putRows, [{ ticketId: about, entry }])
    const find = createFind({ time: room.time, turns: createTurns(room.store.db), afterCommit: () => undefined, sayOnTimeline })
    const finding = { commandId: id, outcome: 'succeeded', note: 'the log says so', person: { id: 'p', name: 'P' } } as const
    expect(await find(finding)).toMatchObject({ kind: 'done' })
    expect(await find(finding)).toMatchObject({ kind: 'refused' })
    expect(JSON.parse((await only()).resolution ?? '')).toMatchObject({ outcome: 'succeeded', by: 'p' })
    expect((await kinds()).at(-1)).toBe('command-resolved')
    await answer(id)
    expect(await only()).toMatchObject({ status: 'succeeded', resolution: expect.stringContaining('the log says so') })
  })
})

describe('a thousand scripts', () => {
  it('wait here, a few of them there; isolating passes them all, and the rest follows as there is room', async () => {
    await request(1_000)
    expect(room.sent).toHaveLength(maxAtOnce)
    await room.signals({ ...unreadable, endpointId: 'ws' })
    await request(1, { verb: 'isolate-host', args: {} })
    await request(1, { verb: 'suspend-process', args: { pid: 7, startTicks: 1 } })
    expect(room.sent.slice(maxAtOnce).map(({ endpointId, order }) => [endpointId, order.verb])).toEqual([
      ['ws', 'isolate-host'],
      ['srv', 'isolate-host'],
      ['srv', 'suspend-process'],
    ])
    const first = sent('run-script')[0]?.order.id ?? ''
    await answer(first)
    expect(sent('run-script')).toHaveLength(maxAtOnce + 1)
  })

  it('that wait for a machine that is away let isolating go first when it comes back', async () => {
    room.isConnected = false
    await request(1_000)
    await request(1, { verb: 'isolate-host', args: {} })
    room.isConnected = true
    await room.dispatcher.connected('srv')
    expect(room.sent[0]?.order.verb).toBe('isolate-host')
    expect(room.sent).toHaveLength(1 + maxAtOnce)
    await room.dispatcher.connected('srv')
    expect(new Set(room.sent.map(({ order }) => order.id)).size).toBe(1 + maxAtOnce)
  })

  it('asked for in the same moment as isolating are signed after it', async () => {
    const about = { organisationId: 'acme', endpointId: 'srv', ticketId, requestedBy: 'p', reason: 'r' }
    const scripts = Array.from({ length: 300 }, () => ({ ...about, verb: 'run-script', args: script, id: randomUUID() }))
    const wanted = [...scripts, { ...about, verb: 'release-host', id: randomUUID() }]
    const { db, capabilities } = room.store
    await db.transaction().execute((tx) => requestCommands(tx, capabilities.putRows, wanted, room.time.now()))
    room.dispatcher.nudge()
    await room.dispatcher.idle()
    expect(room.sent[0]?.order.verb).toBe('release-host')
  })
})

describe('while scripts are switched off for their organisation', () => {
  const turn = (off: 0 | 1) => room.store.db.updateTable('organisations').set({ scripts_off: off }).where('id', '=', 'acme').execute()

  it('no script goes out, and isolating, releasing and halting do', async () => {
    await turn(1)
    await request(3)
    await request(1, { verb: 'isolate-host', args: {} })
    await request(1, { verb: 'suspend-process', args: { pid: 7, startTicks: 1 } })
    await request(1, { verb: 'release-host', args: {} })
    await request(1, { verb: 'collect-diagnostics', args: {} })
    await room.dispatcher.connected('srv')
    expect(new Set(room.sent.map(({ order }) => order.verb))).toEqual(
      new Set(['isolate-host', 'suspend-process', 'release-host', 'collect-diagnostics']),
    )
    await turn(0)
    await room.dispatcher.goOn('acme')
    await room.dispatcher.idle()
    expect(sent('run-script')).toHaveLength(3)
  })
})
