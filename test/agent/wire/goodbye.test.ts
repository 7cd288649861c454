import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, it, onTestFinished } from 'vitest'
import { seconds } from '#shared/domain/time.ts'
import { storeIdentity } from '../../../agent/identity/files.ts'
import { FakeTime } from '../../support/fake-time.ts'
import { type Connection, connected, type ScriptedCollector, startScriptedCollector, startTestWire } from './scripted-collector.ts'

const within = { timeout: seconds(20) }
const program = join(import.meta.dirname, '../../../bin/tierline-agent.mjs')

/** A process of its own, the way it runs on every machine, with the identity that `collector` knows. */
async function agentOf(
  collector: ScriptedCollector,
): Promise<{ child: ChildProcess; ended: Promise<number | null>; errors: Promise<string> }> {
  const dataDir = mkdtempSync(join(tmpdir(), 'tierline-goodbye-'))
  const thumbprint = 'x'.repeat(43)
  const authority = { kid: thumbprint, key: { kty: 'OKP' as const, crv: 'Ed25519' as const, x: thumbprint }, verbs: ['*'] }
  const pinned = { collector: collector.url, endpointId: 'endpoint-1', organisationId: 'organisation-1', authorities: [authority] }
  await storeIdentity(dataDir, pinned, collector.credentials)
  const child = spawn(process.execPath, [program, 'run', '--data', dataDir, '--canaries', join(dataDir, 'canaries')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const ended = once(child, 'close').then(([code]) => code as number | null)
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await ended
  })
  return { child, ended, errors: text(child.stderr) }
}

const goodbyeOn = (connection: Connection | undefined) => connection?.heard.find((message) => message.kind === 'goodbye')
const hasWelcomed = (collector: ScriptedCollector) =>
  expect.poll(() => collector.connections[0]?.heard.some(({ kind }) => kind === 'records'), within).toBe(true)

it.each([
  ['SIGTERM', 'stop'],
  ['SIGINT', 'stop'],
  ['SIGUSR2', 'update'],
] as const)('says goodbye on %s because of "%s", and ends with 0', async (signal, reason) => {
  const collector = await startScriptedCollector()
  const { child, ended } = await agentOf(collector)
  await hasWelcomed(collector)
  child.kill(signal)
  expect(await ended).toBe(0)
  expect(goodbyeOn(collector.connections[0])).toEqual({ kind: 'goodbye', reason })
})

it('says goodbye on SIGUSR1 because of "sleep", lives on, and opens no debugger', async () => {
  const collector = await startScriptedCollector()
  const { child, ended, errors } = await agentOf(collector)
  await hasWelcomed(collector)
  child.kill('SIGUSR1')
  await expect.poll(() => collector.connections[0]?.socket.readyState, within).toBe(WebSocket.CLOSED)
  expect(goodbyeOn(collector.connections[0])).toEqual({ kind: 'goodbye', reason: 'sleep' })
  expect(child.exitCode).toBe(null)
  child.kill('SIGTERM')
  expect(await ended).toBe(0)
  expect(collector.connections).toHaveLength(1)
  expect(await errors).not.toMatch(/debugger/i)
})

it('dials again once the clock that stands still in sleep has gone on for ten seconds', async () => {
  const collector = await startScriptedCollector()
  const time = new FakeTime()
  const { wire } = await startTestWire(collector, { time })
  await connected(wire)
  await wire.pause('sleep')
  expect(goodbyeOn(collector.connections[0])).toEqual({ kind: 'goodbye', reason: 'sleep' })
  expect(wire.isConnected()).toBe(false)
  time.jump(seconds(28_800))
  await time.advance(0)
  await time.advance(seconds(9))
  await wire.pause('sleep')
  await time.advance(0)
  await time.advance(seconds(9))
  expect(collector.connections).toHaveLength(1)
  await time.advance(seconds(2))
  await connected(wire)
  expect(collector.connections).toHaveLength(2)
})

it('does not dial while it falls asleep, also when it had lost its collector before', async () => {
  let asked = 0
  const collector = await startScriptedCollector({
    refuses: () => {
      asked += 1
      return { status: 500, body: {} }
    },
  })
  const time = new FakeTime()
  const { wire } = await startTestWire(collector, { time })
  await expect.poll(() => asked, within).toBe(1)
  await new Promise((resolve) => setTimeout(resolve, 50))
  await wire.pause('sleep')
  await time.advance(0)
  await time.advance(seconds(9))
  expect(asked).toBe(1)
  await time.advance(seconds(2))
  await expect.poll(() => asked, within).toBeGreaterThan(1)
})

it('stops at once while it rests', async () => {
  const collector = await startScriptedCollector()
  const { wire } = await startTestWire(collector, { time: new FakeTime() })
  await connected(wire)
  await wire.pause('sleep')
  await wire.stop('shutdown')
  expect(collector.connections).toHaveLength(1)
})
