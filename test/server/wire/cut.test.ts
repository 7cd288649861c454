import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { PassThrough } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import { expect, it, onTestFinished } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { Backpressure } from '../../../server/wire/backpressure.ts'
import { startHeartbeat } from '../../../server/wire/heartbeat.ts'
import { Patience } from '../../../server/wire/patience.ts'
import { Session } from '../../../server/wire/session.ts'
import type { Surroundings } from '../../../server/wire/surroundings.ts'
import { FakeTime } from '../../support/fake-time.ts'
import { hello, RawAgent, rawSignal, signalRecord } from '../../support/raw-agent.ts'

/** A session on a real socket, with what it handed to ingest. */
async function session(): Promise<{ session: Session; socket: WebSocket; agent: RawAgent; taken: number[] }> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  await once(server, 'listening')
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`)
  const [[socket]] = (await Promise.all([once(server, 'connection'), once(client, 'open')])) as [[WebSocket], unknown]
  onTestFinished(() => {
    client.terminate()
    server.close()
  })
  const taken: number[] = []
  const ingest: Surroundings['ingest'] = {
    takeRecords: async (_from, { records }) => {
      taken.push(...records.map(({ seq }) => seq))
      return { kind: 'taken', seq: records.at(-1)?.seq ?? 0, refused: [] }
    },
    takeSkipped: async (_from, { to }) => ({ kind: 'taken', seq: to, refused: [] }),
    cursors: async () => ({}),
  }
  const nothing = () => undefined
  const events = { admit: async () => true, welcomed: nothing, heard: nothing, said: nothing, ended: nothing }
  const from = { kind: 'endpoint' as const, endpointId: 'endpoint-1', organisationId: 'organisation-1', siteId: null }
  const about = () => ({ collectorVersion: '0' })
  const time = new FakeTime()
  const log = pino({ level: 'silent' })
  const bounds = { backpressure: new Backpressure(() => 0), patience: new Patience(time) }
  const around: Surroundings = { time, log, ingest, ...bounds, heartbeat: startHeartbeat(time), events, about }
  const line = Object.assign(new PassThrough(), { bytesRead: 0 })
  return { session: new Session({ socket, line, from, address: '' }, around), socket, agent: new RawAgent(client), taken }
}

it('takes nothing of a session that was cut, not even what had come and was not read yet', async () => {
  const { session: old, socket, agent, taken } = await session()
  agent.say(hello('epoch-one'))
  await agent.hears('welcome')
  agent.records('signals', 1, signalRecord(rawSignal()))
  expect(await agent.hears('ack')).toMatchObject({ seq: 1 })
  socket.pause()
  agent.records('signals', 2, signalRecord(rawSignal()))
  await sleep(100)
  old.cut()
  await agent.closed
  await sleep(50)
  expect(taken).toEqual([1])
})
