import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { expect, it, onTestFinished } from 'vitest'
import { WebSocketServer } from 'ws'
import { seconds } from '#shared/domain/time.ts'
import { collectorCapabilities } from '#shared/protocol/capabilities.ts'
import type { DocumentFrame } from '#shared/protocol/document.ts'
import addresses from '#shared/protocol/documents/addresses.ts'
import { subprotocol } from '#shared/protocol/limits.ts'
import { startTestAgent } from '../support/agent.ts'
import { startTestCollector, type TestCollector } from '../support/collector.ts'
import { altered, listOf, testSigner } from '../support/documents.ts'

/* Somebody has the collector's place and its TLS key, and not the key that signs: agents let themselves be led nowhere. */
const within = { timeout: seconds(30), interval: 100 }
const away = 'https://away.example.net:7843'

/** Welcomes whoever dials, sends the next of `frames`, and hangs up. */
async function startImpostor({ dataDir, agentsUrl }: TestCollector, frames: DocumentFrame[]): Promise<{ end(): Promise<void> }> {
  const { certificate: cert, key } = JSON.parse(readFileSync(join(dataDir, 'keys/server.json'), 'utf8'))
  const server = createServer({ cert, key, minVersion: 'TLSv1.3', requestCert: true, rejectUnauthorized: false })
  const sockets = new WebSocketServer({ server, handleProtocols: () => subprotocol })
  sockets.on('connection', (socket) => {
    socket.once('message', () => {
      const about = { protocolMinor: 0, collectorVersion: 'false', capabilities: [...collectorCapabilities], now: Date.now() }
      const welcome = { kind: 'welcome', ...about, endpointId: 'endpoint-1', cursors: {}, credit: 1_000, documents: { addresses: 99 } }
      for (const message of [welcome, frames.shift()]) if (message) socket.send(JSON.stringify(message))
      setTimeout(() => socket.terminate(), 100)
    })
  })
  server.listen(Number(new URL(agentsUrl).port), '127.0.0.1')
  await once(server, 'listening')
  return {
    end: async () => {
      for (const socket of sockets.clients) socket.terminate()
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

it('turns away lists of a stranger, altered ones and old ones, says so, and raises the alarm', { timeout: 120_000 }, async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'tierline-foreign-'))
  onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }))
  const collector = await startTestCollector({ dataDir })
  const lines: { msg: string }[] = []
  const log = pino({ level: 'warn' }, { write: (line) => void lines.push(JSON.parse(line)) })
  const agent = await startTestAgent({ token: await collector.token(), detectors: [], log })
  onTestFinished(() => agent.stop('stop'))
  const kept = () => readFileSync(join(agent.dataDir, 'identity/documents/addresses.jws'), 'utf8')
  const issue = async (...collectors: string[]) => {
    await collector.identity.documents.issue(addresses, () => listOf(...collectors))
    const [frame] = collector.identity.documents.newerThan({ addresses: 0 })
    if (!frame) throw new Error('nothing was issued')
    await expect.poll(kept, within).toBe(frame.jws)
    return frame
  }
  const old = await issue(away, collector.agentsUrl)
  const good = await issue(collector.agentsUrl)
  await collector.stop()

  const stranger = await testSigner()
  const { kid } = collector.identity.authority
  const frames = [
    await stranger.frame('addresses', 99, listOf(away)),
    await stranger.frame('addresses', 99, listOf(away), { kid }),
    altered({ ...good, number: 99 }),
    old,
  ]
  const impostor = await startImpostor(collector, frames)
  await expect.poll(() => frames.length, { ...within, timeout: seconds(60) }).toBe(0)
  await expect.poll(() => lines.filter(({ msg }) => msg.includes('was turned away')).length, within).toBe(4)
  expect(kept()).toBe(good.jws)
  await impostor.end()

  const back = await collector.restart()
  onTestFinished(() => back.stop())
  await expect.poll(() => agent.isConnected(), within).toBe(true)
  const said = back.store.db
    .selectFrom('signals')
    .select(['kind', 'severity'])
    .where('kind', 'like', 'security.document.%')
    .orderBy('arrival')
  const forged = { kind: 'security.document.forged', severity: 'critical' }
  await expect.poll(() => said.execute(), within).toEqual([forged, forged, forged, { kind: 'security.document.stale', severity: 'info' }])
  await back.pipeline.idle()
  const tickets = await back.store.db.selectFrom('tickets').select(['kind', 'priority', 'team']).execute()
  expect(tickets).toEqual([{ kind: 'security.document.forged', priority: 'P1', team: 'security' }])
})
