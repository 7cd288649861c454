import { pino } from 'pino'
import { expect, it } from 'vitest'
import { Fault } from '#shared/domain/fault.ts'
import { seconds } from '#shared/domain/time.ts'
import { FakeTime } from '../../support/fake-time.ts'
import { openTestSpool, reportOf, signalRecord, temporaryFolder } from '../spool/records.ts'
import { acknowledge, connected, sendWelcome, startScriptedCollector, startTestWire, welcome } from './scripted-collector.ts'

const within = { timeout: seconds(5) }
const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, index) => from + index)

it('says hello with what its spool holds, and streams it in order until all is acknowledged', async () => {
  const collector = await startScriptedCollector()
  const spool = await openTestSpool(temporaryFolder())
  await Promise.all(range(1, 120).map((about) => spool.append('signals', signalRecord(String(about)))))
  const { told } = await startTestWire(collector, { spool })
  await expect.poll(() => spool.acknowledged('signals'), within).toBe(120)
  expect(collector.seqs('signals')).toEqual(range(1, 120))
  expect(collector.connections[0]?.heard[0]).toMatchObject({ kind: 'hello', epoch: spool.epoch, last: { signals: 120, security: 0 } })
  expect(told.slice(0, 2)).toEqual(['time 41', 'standing'])
  expect(told).toContain('time 42')
})

it('takes a frame of the collector twice, and one that comes late, for no more than one', async () => {
  const collector = await startScriptedCollector({
    onHello: (connection, hello, cursors) => {
      for (const _ of [1, 2]) welcome(connection, hello, cursors)
    },
  })
  const { spool, wire } = await startTestWire(collector)
  await connected(wire)
  for (const about of ['a', 'b', 'c']) await spool.append('signals', signalRecord(about))
  await expect.poll(() => spool.acknowledged('signals'), within).toBe(3)
  for (const seq of [1, 3, 2]) acknowledge(collector.connections[0], spool.epoch, 'signals', seq)
  await spool.append('signals', signalRecord('d'))
  await expect.poll(() => spool.acknowledged('signals'), within).toBe(4)
  expect(collector.seqs('signals')).toEqual([1, 2, 3, 4])
  expect(collector.connections).toHaveLength(1)
})

it('dials again after a cut, sends what was not acknowledged once more, and nothing else', async () => {
  const collector = await startScriptedCollector()
  const { spool, wire } = await startTestWire(collector)
  await connected(wire)
  await spool.append('signals', signalRecord('a'))
  await expect.poll(() => spool.acknowledged('signals'), within).toBe(1)
  collector.script.acknowledges = false
  await spool.append('signals', signalRecord('b'))
  await expect.poll(() => collector.seqs('signals'), within).toEqual([1, 2])
  collector.script.acknowledges = true
  collector.connections[0]?.socket.terminate()
  await expect.poll(() => spool.acknowledged('signals'), within).toBe(2)
  expect(collector.seqs('signals')).toEqual([1, 2, 2])
})

it('begins a new epoch when the collector knows more of this spool than it holds, and says so', async () => {
  const restored = 'the collector has records that it never sent: its disk was restored or cloned'
  const collector = await startScriptedCollector()
  const spool = await openTestSpool(temporaryFolder(), 16_777_216, { reportOf })
  await spool.append('signals', signalRecord('a'))
  const old = spool.epoch
  collector.script.onHello = (connection, hello) => welcome(connection, hello, hello.epoch === old ? { signals: 7 } : {})
  await startTestWire(collector, { spool })
  await expect.poll(() => spool.acknowledged('signals'), within).toBe(2)
  expect(collector.connections[1]?.heard[1]).toMatchObject({
    records: [{ body: { signal: { about: 'a' } } }, { body: reportOf(restored) }],
  })
  expect(spool.epoch).not.toBe(old)
  expect(collector.connections.map(({ heard }) => heard[0])).toMatchObject([{ epoch: old }, { epoch: spool.epoch }])
})

it('hands on commands and watches, and forgets the watch with the connection', async () => {
  const collector = await startScriptedCollector()
  const { wire, told } = await startTestWire(collector)
  await connected(wire)
  collector.connections[0]?.send({ kind: 'command', id: 'command-1', jws: 'a.b.c' })
  collector.connections[0]?.send({ kind: 'watch', isWatched: true })
  await expect.poll(() => told.slice(2), within).toEqual(['command a.b.c', 'watch true'])
  wire.received('command-1', 1)
  await expect.poll(() => collector.connections[0]?.heard.at(-1), within).toMatchObject({ kind: 'received', commandId: 'command-1' })
  collector.connections[0]?.socket.terminate()
  await expect.poll(() => told[4], within).toBe('watch false')
})

it('sends a collector only what its welcome named', async () => {
  const collector = await startScriptedCollector({ onHello: (connection) => sendWelcome(connection, { capabilities: [] }) })
  const spool = await openTestSpool(temporaryFolder(), 200_000)
  for (const about of range(1, 60)) await spool.append('samples', signalRecord(String(about), 4_000))
  expect(spool.firstKept('samples')).toBeGreaterThan(1)
  await spool.append('signals', signalRecord('a'))
  const { wire, told } = await startTestWire(collector, { spool })
  await connected(wire)
  wire.received('command-1', 1)
  await spool.append('inventory', signalRecord('b'))
  await expect.poll(() => spool.acknowledged('inventory'), within).toBe(1)
  expect(told).not.toContain('standing')
  const heard = collector.connections[0]?.heard.map((message) => (message.kind === 'records' ? message.lane : message.kind))
  expect(heard).toEqual(['hello', 'signals', 'inventory'])
})

it('comes back when a collector that said goodbye asked it to', async () => {
  const collector = await startScriptedCollector()
  const { wire } = await startTestWire(collector)
  await connected(wire)
  const askedAt = performance.now()
  collector.connections[0]?.send({ kind: 'goodbye', reason: 'restart', retryAfterMs: 400 })
  await expect.poll(() => collector.connections.length, within).toBe(2)
  expect(performance.now() - askedAt).toBeGreaterThan(390)
})

it('says why it goes before it goes, and dials no more', async () => {
  const collector = await startScriptedCollector()
  const { wire } = await startTestWire(collector)
  await connected(wire)
  await wire.stop('shutdown')
  expect(collector.connections[0]?.heard.at(-1)).toEqual({ kind: 'goodbye', reason: 'shutdown' })
  await new Promise((resolve) => setTimeout(resolve, 150))
  expect(collector.connections).toHaveLength(1)
})

it('gives a half-open connection up after 45 s of silence, but not while it is pinged', async () => {
  const collector = await startScriptedCollector()
  const time = new FakeTime()
  const { wire } = await startTestWire(collector, { time })
  await connected(wire)
  await time.advance(seconds(40))
  collector.connections[0]?.socket.ping()
  await new Promise((resolve) => setTimeout(resolve, 50))
  await time.advance(seconds(40))
  expect(wire.isConnected()).toBe(true)
  await time.advance(seconds(6))
  await expect.poll(() => collector.connections[0]?.socket.readyState, within).toBe(WebSocket.CLOSED)
})

it('gives up a collector that pings and never welcomes it', async () => {
  const collector = await startScriptedCollector({ onHello: () => undefined })
  const time = new FakeTime()
  await startTestWire(collector, { time })
  await expect.poll(() => collector.connections[0]?.heard.length, within).toBe(1)
  for (let pings = 0; pings < 3; pings += 1) {
    collector.connections[0]?.socket.ping()
    await new Promise((resolve) => setTimeout(resolve, 50))
    await time.advance(seconds(15))
  }
  await expect.poll(() => collector.connections[0]?.socket.readyState, within).toBe(WebSocket.CLOSED)
})

it('closes on a frame it does not understand, and dials again', async () => {
  const collector = await startScriptedCollector()
  const { wire } = await startTestWire(collector)
  await connected(wire)
  const closed = new Promise((resolve) => collector.connections[0]?.socket.once('close', resolve))
  collector.connections[0]?.socket.send('hello?')
  expect(await closed).toBe(4400)
  await expect.poll(() => collector.connections.length, within).toBe(2)
})

function linesInto(lines: { msg: string }[]) {
  return pino({ level: 'info' }, { write: (line: string) => void lines.push(JSON.parse(line)) })
}

it('prints the code of a refusal once, and waits long for what only a person can lift', async () => {
  const refusal = { status: 403, body: { code: 'certificate-revoked', message: 'this endpoint was removed' } }
  let asked = 0
  const collector = await startScriptedCollector({
    refuses: () => {
      asked += 1
      return refusal
    },
  })
  const lines: { msg: string }[] = []
  await startTestWire(collector, { log: linesInto(lines) })
  await expect
    .poll(() => lines.map(({ msg }) => msg), within)
    .toEqual(['the collector refuses this agent: this endpoint was removed (certificate-revoked)'])
  await new Promise((resolve) => setTimeout(resolve, 300))
  expect(asked).toBe(1)
})

it('asks for a new certificate when the present one is called expired', async () => {
  const collector = await startScriptedCollector()
  let hasRenewed = false
  collector.script.refuses = () =>
    hasRenewed ? undefined : { status: 403, body: { code: 'certificate-expired', message: 'it has run out' } }
  const credentials = async (mustRenew = false) => {
    hasRenewed ||= mustRenew
    return collector.credentials
  }
  const { wire } = await startTestWire(collector, { identity: { collector: collector.url, credentials, lookup: undefined } })
  await connected(wire)
  expect(hasRenewed).toBe(true)
})

it('says the same trouble once while nobody answers', async () => {
  const collector = await startScriptedCollector()
  const lines: { msg: string }[] = []
  let asked = 0
  const credentials = async () => {
    asked += 1
    throw new Fault('unreachable', 'nothing listens there', { isRetryable: true })
  }
  await startTestWire(collector, { log: linesInto(lines), identity: { collector: collector.url, credentials, lookup: undefined } })
  await expect.poll(() => asked, within).toBeGreaterThan(3)
  expect(lines.map(({ msg }) => msg)).toEqual(["the collector can't be reached: nothing listens there"])
})
