import { Writable } from 'node:stream'
import { pino } from 'pino'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { CloseCode } from '#shared/protocol/close-codes.ts'
import { maxFrameBytes } from '#shared/protocol/limits.ts'
import { startTestCollector, type TestCollector } from '../support/collector.ts'
import { connectRaw, dialRaw, enrolRaw, hello, type RawAgent, rawSignal, signalRecord } from '../support/raw-agent.ts'

/*
 * One agent talks nonsense, over a real socket. It is told why and sent away, the log says it once, the collector lives,
 * and the agent beside it notices nothing.
 */

let collector: TestCollector
let bad: RawAgent
let good: RawAgent
let seq = 0
let badEndpointId: string
const logged: { msg: string; endpointId?: string; code?: number; reason?: string; level: number }[] = []

beforeAll(async () => {
  const lines = new Writable({ write: (line, _encoding, done) => done(void logged.push(JSON.parse(String(line)))) })
  collector = await startTestCollector({ log: pino({ level: 'warn' }, lines) })
  good = await connectRaw(await enrolRaw(await collector.token(), 'good'))
})
afterAll(async () => {
  await good.leave()
  await collector[Symbol.asyncDispose]()
})
beforeEach(async () => {
  const who = await enrolRaw(await collector.token(), 'bad')
  badEndpointId = who.endpointId
  logged.length = 0
  bad = await connectRaw(who)
})
afterEach(async () => {
  seq += 1
  good.records('signals', seq, signalRecord(rawSignal({ fingerprint: `f-${seq}` })))
  expect(await good.hears('ack')).toMatchObject({ lane: 'signals', seq })
})

const record = () => signalRecord(rawSignal())
const skippedOf = (epoch: string) => ({ kind: 'skipped', epoch, lane: 'signals', from: 1, to: Number.MAX_SAFE_INTEGER, why: 'a jump' })
const frameOf = (bytes: number) => `{"kind":"records","padding":"${'x'.repeat(bytes)}"}`

describe('a broken frame', () => {
  it.each<[string, (agent: RawAgent) => void, number, RegExp]>([
    ['not JSON', (agent) => agent.socket.send('{"kind":'), CloseCode.Malformed, /^the frame is not JSON$/],
    ['binary', (agent) => agent.socket.send(Buffer.from('{}')), CloseCode.Malformed, /^the frame is binary$/],
    ['of an unknown kind', (agent) => agent.say({ kind: 'exploit' }), CloseCode.Malformed, /^kind: /],
    ['without its lane', (agent) => agent.say({ kind: 'records', epoch: 'epoch-one', records: [] }), CloseCode.Malformed, /^lane: /],
    ['too large', (agent) => agent.socket.send(frameOf(maxFrameBytes)), CloseCode.TooLarge, /^the frame is longer than 1048576 bytes$/],
    ['far too large', (agent) => agent.socket.send(frameOf(8 * maxFrameBytes)), CloseCode.TooLarge, /^$/],
    ['a second hello', (agent) => agent.say(hello('epoch-one')), CloseCode.Malformed, /^a second hello came$/],
    ['of another epoch', (agent) => agent.say(skippedOf('epoch-two')), CloseCode.Malformed, /^epoch: it is not the one of hello$/],
    ['a hole', (agent) => agent.records('signals', 5, record()), CloseCode.Gap, /^signals: record 1 is missing$/],
  ])('that is %s', async (_what, send, code, reason) => {
    send(bad)
    expect(await bad.closed).toEqual({ code, reason: expect.stringMatching(reason) })
    expect(logged.filter(({ endpointId }) => endpointId === badEndpointId)).toHaveLength(1)
  })

  it('that breaks the WebSocket protocol itself', async () => {
    // A reserved opcode, masked, empty.
    const { _socket: raw } = bad.socket as unknown as { _socket: { write(bytes: Buffer): void } }
    raw.write(Buffer.from([0x83 | 0x08, 0x80, 0, 0, 0, 0]))
    expect((await bad.closed).code).toBe(1002)
    expect(logged.filter(({ endpointId }) => endpointId === badEndpointId)).toHaveLength(1)
  })

  it('that comes before hello', async () => {
    await bad.leave()
    const dialled = await dialRaw(await enrolRaw(await collector.token(), 'mute'))
    if (dialled.kind === 'refused') throw new Error(dialled.body.message)
    dialled.agent.records('signals', 1, record())
    expect(await dialled.agent.closed).toEqual({ code: CloseCode.Malformed, reason: 'records came before welcome' })
  })
})

describe('a flood', () => {
  it('of frames ends with a word', async () => {
    for (let count = 0; count < 30_000; count += 1) bad.say({ kind: 'received', commandId: 'command-1', at: 1 })
    expect(await bad.closed).toEqual({ code: CloseCode.TooFast, reason: 'too many frames a second' })
  })

  it('of records beyond the credit ends with a word', async () => {
    for (let first = 1; first <= 1_501; first += 50) bad.records('signals', first, ...Array.from({ length: 50 }, record))
    const { code } = await bad.closed.catch(() => ({ code: 0 }))
    expect(code).toBe(CloseCode.TooFast)
  })
})

describe('a record that can’t be accepted', () => {
  it('is refused alone and kept raw; the lane goes on, and one ticket says so', async () => {
    bad.records('signals', 1, record(), { v: 1, type: 'signal', signal: '<script>' }, record())
    bad.records('signals', 4, { v: 99, type: 'from-the-future' }, record())
    expect(await bad.hears('refused')).toMatchObject({ lane: 'signals', seq: 2 })
    expect(await bad.hears('refused')).toMatchObject({ lane: 'signals', seq: 4 })
    await bad.acknowledgedTo('signals', 5)
    await collector.pipeline.idle()
    const { reader } = collector.store
    const raw = await reader.selectFrom('refused_records').select('raw').where('endpoint_id', '=', badEndpointId).orderBy('seq').execute()
    expect(raw.map(({ raw }) => JSON.parse(raw))).toEqual([
      { v: 1, type: 'signal', signal: '<script>' },
      { v: 99, type: 'from-the-future' },
    ])
    const tickets = reader.selectFrom('tickets').select(['kind', 'occurrences']).where('endpoint_id', '=', badEndpointId)
    expect(await tickets.where('kind', '=', 'system.record.refused').execute()).toHaveLength(1)
    await bad.leave()
  })
})

describe('two machines with one identity', () => {
  it('the second is refused, and a ticket says so', async () => {
    const who = await enrolRaw(await collector.token(), 'cloned')
    const [first, second] = [await connectRaw(who), await dialRaw(who)]
    if (second.kind === 'refused') throw new Error(second.body.message)
    second.agent.say(hello('epoch-two'))
    expect(await second.agent.closed).toEqual({ code: CloseCode.AlreadyConnected, reason: 'this identity is connected already' })
    await expect
      .poll(async () => {
        await collector.pipeline.idle()
        const tickets = collector.store.reader.selectFrom('tickets').select(['kind', 'priority', 'team'])
        return tickets.where('endpoint_id', '=', who.endpointId).execute()
      })
      .toEqual([{ kind: 'security.identity.duplicate', priority: 'P3', team: 'tier2' }])
    first.records('signals', 1, record())
    expect(await first.hears('ack')).toMatchObject({ seq: 1 })
    await first.leave()
  })

  it('an old socket that answers no more does not lock its own agent out', async () => {
    const who = await enrolRaw(await collector.token(), 'roaming')
    const old = await connectRaw(who)
    // After a network drop nobody reads the old socket, and nobody closes it either.
    old.socket.pause()
    const again = await connectRaw(who)
    again.records('signals', 1, record())
    expect(await again.hears('ack')).toMatchObject({ seq: 1 })
    const told = collector.store.db.selectFrom('signals').select('kind').where('kind', '=', 'security.identity.duplicate')
    expect(await told.where('endpoint_id', '=', who.endpointId).execute()).toEqual([])
    old.socket.terminate()
    await again.leave()
  })
})
