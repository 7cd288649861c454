import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { type WebSocket, WebSocketServer } from 'ws'
import type { z } from 'zod'
import type { CommandOrder } from '#shared/domain/command.ts'
import { collectorCapabilities } from '#shared/protocol/capabilities.ts'
import type { DocumentFrame } from '#shared/protocol/document.ts'
import { subprotocol } from '#shared/protocol/limits.ts'
import type { ResultRecord, SignalRecord } from '#shared/protocol/record.ts'
import { openCommandAuthority } from '../../../server/identity/command-authority.ts'
import { openKeyFiles } from '../../../server/identity/key-files.ts'

/** Somebody who has everything that a collector has: its disk, its TLS key, the key that signs commands and documents. */
export interface HostileCollector {
  /** By the collector's own key. */
  sign(order: CommandOrder): Promise<string>
  signDocument(name: string, number: number, content: unknown): Promise<DocumentFrame>
  command(jws: string, also?: string[]): void
  document(frame: DocumentFrame): void
  /** What the agent said became of this command. */
  resultOf(commandId: string): Promise<ResultRecord>
  /** Every signal that the agent raised so far, by kind. */
  alarms(): string[]
  stop(): Promise<void>
}

/** What it collects comes from programs that may take ten seconds each on a busy machine. */
const patienceMs = 30_000

export async function takeOver(collector: { dataDir: string; agentsUrl: string }): Promise<HostileCollector> {
  const keys = join(collector.dataDir, 'keys')
  const authority = await openCommandAuthority(openKeyFiles(keys), ['*'])
  const { certificate: cert, key } = JSON.parse(readFileSync(join(keys, 'server.json'), 'utf8'))
  const tls = { cert, key, minVersion: 'TLSv1.3', requestCert: true, rejectUnauthorized: false } as const
  // He wants no archives; what he collects is in the results.
  const server = createServer(tls, (_request, response) => response.writeHead(404).end())
  const sockets = new WebSocketServer({ server, handleProtocols: () => subprotocol })
  const records: { type: string }[] = []
  let agent: WebSocket | undefined
  sockets.on('connection', (socket) => {
    socket.on('message', (data) => {
      const message = JSON.parse(String(data)) as { kind: string; records?: { body: { type: string } }[] }
      if (message.kind === 'hello') {
        agent = socket
        send(welcome())
      }
      records.push(...(message.records ?? []).map(({ body }) => body))
    })
  })
  server.listen(Number(new URL(collector.agentsUrl).port), '127.0.0.1')
  await once(server, 'listening')

  const send = (message: unknown): void => agent?.send(JSON.stringify(message))
  const results = () => records.filter((each): each is ResultRecord => each.type === 'result')
  const until = async <Value>(look: () => Value | undefined, what: string): Promise<Value> => {
    for (const giveUpAt = Date.now() + patienceMs; Date.now() < giveUpAt; await pause(20)) {
      const found = look()
      if (found !== undefined) return found
    }
    throw new Error(`the agent said nothing of ${what} in ${patienceMs} ms`)
  }
  await until(() => agent, 'itself')
  return {
    sign: (order) => authority.sign(order),
    signDocument: async (name, number, content) => {
      const jws = await authority.signDocument({ v: 1, name, number, issuedAt: Date.now(), content })
      return { kind: 'document', name, number, jws }
    },
    command: (jws, also) => send({ kind: 'command', id: 'whatever-it-says', jws, ...(also && { also }) }),
    document: send,
    resultOf: (id) => until(() => results().find(({ commandId }) => commandId === id), id),
    alarms: () => records.filter((each): each is z.infer<typeof SignalRecord> => each.type === 'signal').map(({ signal }) => signal.kind),
    stop: async () => {
      for (const socket of sockets.clients) socket.terminate()
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

function welcome() {
  const about = { protocolMinor: 0, collectorVersion: 'taken over', capabilities: [...collectorCapabilities], now: Date.now() }
  return { kind: 'welcome', ...about, endpointId: 'endpoint-1', cursors: {}, credit: 1_000, documents: {} }
}
