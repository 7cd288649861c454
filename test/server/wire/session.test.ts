import { once } from 'node:events'
import { connect } from 'node:net'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { days, hours, minutes, seconds } from '#shared/domain/time.ts'
import { CloseCode } from '#shared/protocol/close-codes.ts'
import { startTestCollector, type TestCollector } from '../../support/collector.ts'
import { FakeTime } from '../../support/fake-time.ts'
import { type Credentials, connectRaw, dialRaw, enrolRaw, hello, rawSignal, signalRecord } from '../../support/raw-agent.ts'

let time: FakeTime
let collector: TestCollector
let who: Credentials

beforeEach(async () => {
  time = new FakeTime(Date.now())
  collector = await startTestCollector({ time })
  who = await enrolRaw(await collector.token())
})
afterEach(() => collector[Symbol.asyncDispose]())

/** As it is written down, which waits a moment for others. */
const presence = async () => {
  await time.advance(100)
  return collector.store.reader.selectFrom('presences').select(['is_connected', 'goodbye']).execute()
}

it('closes a socket that says no hello', async () => {
  const dialled = await dialRaw(who)
  if (dialled.kind === 'refused') throw new Error(dialled.body.message)
  await time.advance(seconds(10))
  expect(await dialled.agent.closed).toEqual({ code: CloseCode.HelloTimeout, reason: 'no hello came in time' })
})

it('finds a half-open socket within 45 seconds, and keeps one that answers', async () => {
  const lost = await connectRaw(who)
  const well = await connectRaw(await enrolRaw(await collector.token(), 'raw-2'))
  lost.socket.pause()
  for (let ping = 0; ping < 3; ping += 1) {
    await time.advance(seconds(15))
    await new Promise((answered) => setTimeout(answered, 50))
  }
  await expect.poll(async () => (await presence()).map(({ is_connected }) => is_connected).sort()).toEqual([0, 1])
  well.records('signals', 1, signalRecord(rawSignal()))
  expect(await well.hears('ack')).toMatchObject({ seq: 1 })
  lost.socket.terminate()
})

it('finds out who begins a frame and does not end it, fragment by fragment', async () => {
  const agent = await connectRaw(who)
  for (let beat = 0; beat < 6; beat += 1) {
    agent.socket.send('x'.repeat(50_000), { fin: false })
    await new Promise((sent) => setTimeout(sent, 50))
    await time.advance(seconds(15))
  }
  await agent.closed
  await expect.poll(presence).toMatchObject([{ is_connected: 0 }])
})

it('lets one identity open a few connections, and no more', async () => {
  const dialled = await Promise.all(Array.from({ length: 8 }, () => dialRaw(who)))
  expect(dialled.filter(({ kind }) => kind === 'open')).toHaveLength(4)
  expect(dialled.find(({ kind }) => kind === 'refused')).toMatchObject({ status: 429, body: { code: 'too-many' } })
})

it('remembers why an agent went', async () => {
  const agent = await connectRaw(who)
  agent.say({ kind: 'goodbye', reason: 'reboot' })
  await agent.leave()
  await expect.poll(presence).toEqual([{ is_connected: 0, goodbye: 'reboot' }])
})

it('tells an agent that somebody watches it, also after it came back', async () => {
  const agent = await connectRaw(who)
  collector.wire.watch(who.endpointId, true)
  expect(await agent.hears('watch')).toEqual({ kind: 'watch', isWatched: true })
  await agent.leave()
  const back = await connectRaw(who)
  expect(await back.hears('watch')).toEqual({ kind: 'watch', isWatched: true })
  collector.wire.watch(who.endpointId, false)
  expect(await back.hears('watch')).toEqual({ kind: 'watch', isWatched: false })
})

it('sends an agent only what its hello named', async () => {
  const command = { id: 'command-1', verb: 'isolate-host', jws: 'a.b.c' }
  const plain = await connectRaw(who, 'epoch-one', [])
  collector.wire.watch(who.endpointId, true)
  expect(collector.wire.sendCommand(who.endpointId, command)).toBe('unnamed')
  plain.records('signals', 1, signalRecord(rawSignal()))
  await plain.hears('ack')
  expect(plain.kinds()).toEqual(['welcome', 'ack'])
  await plain.leave()
  await expect.poll(() => collector.wire.sendCommand(who.endpointId, command)).toBe('away')

  const able = await connectRaw(who, 'epoch-one', ['isolate-host'])
  expect(collector.wire.sendCommand(who.endpointId, command)).toBe('sent')
  expect(await able.hears('command')).toEqual({ kind: 'command', id: 'command-1', jws: 'a.b.c' })
  expect(able.kinds()).toEqual(['welcome', 'command'])
})

it('names in its welcome what it takes', async () => {
  const dialled = await dialRaw(who)
  if (dialled.kind === 'refused') throw new Error(dialled.body.message)
  dialled.agent.say(hello('epoch-one'))
  expect((await dialled.agent.hears('welcome')).capabilities).toEqual([
    'skipped',
    'received',
    'standing',
    'documents',
    'progress',
    'software',
    'rules',
  ])
})

it('answers a hello with what is committed of that epoch', async () => {
  const agent = await connectRaw(who)
  agent.records('signals', 1, signalRecord(rawSignal()), signalRecord(rawSignal()))
  await agent.hears('ack')
  await agent.leave()
  const dialled = await dialRaw(who)
  if (dialled.kind === 'refused') throw new Error(dialled.body.message)
  dialled.agent.say(hello('epoch-one'))
  expect((await dialled.agent.hears('welcome')).cursors).toEqual({ signals: 2 })
})

it('sets an agent’s clock right by what its hello said', async () => {
  const dialled = await dialRaw(who)
  if (dialled.kind === 'refused') throw new Error(dialled.body.message)
  const { agent } = dialled
  agent.say({ ...hello('epoch-one'), now: time.now() - days(30) })
  await agent.hears('welcome')
  const signal = rawSignal({ sensedAt: time.now() - days(30) - minutes(11) })
  agent.records('signals', 1, signalRecord(signal))
  await agent.hears('ack')
  const row = await collector.store.reader.selectFrom('signals').select('age_ms').where('id', '=', signal.id).executeTakeFirstOrThrow()
  expect(row.age_ms).toBe(minutes(11))
})

it('knows how old a signal is, whosever clock was set since', async () => {
  const dialled = await dialRaw(who)
  if (dialled.kind === 'refused') throw new Error(dialled.body.message)
  const { agent } = dialled
  agent.say({ ...hello('epoch-one'), now: time.now() })
  await agent.hears('welcome')
  const ageOf = async (seq: number, sensedAt: number, now?: number) => {
    const signal = rawSignal({ sensedAt })
    agent.say({ kind: 'records', epoch: 'epoch-one', lane: 'signals', now, records: [{ seq, body: signalRecord(signal) }] })
    await expect.poll(() => agent.kinds().filter((kind) => kind === 'ack')).toHaveLength(seq)
    const row = collector.store.reader.selectFrom('signals').select('age_ms').where('id', '=', signal.id)
    return (await row.executeTakeFirstOrThrow()).age_ms
  }
  const start = time.now()
  time.jump(hours(1))
  expect(await ageOf(1, start - minutes(1))).toBe(minutes(1))
  expect(await ageOf(2, start - hours(1) - minutes(2), start - hours(1))).toBe(minutes(2))
  expect(await ageOf(3, start + hours(1) - minutes(3), start + hours(1))).toBe(minutes(3))
})

it('when it stops, commits and acknowledges what came, and says when to come back', async () => {
  const agent = await connectRaw(who)
  agent.records('signals', 1, ...Array.from({ length: 50 }, () => signalRecord(rawSignal())))
  await new Promise((sent) => agent.socket.ping(undefined, undefined, sent))
  await new Promise((answered) => agent.socket.once('pong', answered))
  await collector.stop()
  expect(await agent.hears('ack')).toMatchObject({ seq: 50 })
  expect(await agent.hears('goodbye')).toMatchObject({ reason: 'shutdown', retryAfterMs: expect.any(Number) })
  expect(await agent.closed).toMatchObject({ code: CloseCode.GoingAway })
})

it('is not held up when it stops by who connects and says nothing', async () => {
  const { hostname, port } = new URL(who.url)
  const mute = connect(Number(port), hostname)
  await once(mute, 'connect')
  const startedAt = performance.now()
  await collector.stop()
  expect(performance.now() - startedAt).toBeLessThan(seconds(2))
  mute.destroy()
})
