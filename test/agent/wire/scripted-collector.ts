import { pino } from 'pino'
import { expect, onTestFinished } from 'vitest'
import { type WebSocket, WebSocketServer } from 'ws'
import { seconds } from '#shared/domain/time.ts'
import { collectorCapabilities } from '#shared/protocol/capabilities.ts'
import { subprotocol } from '#shared/protocol/limits.ts'
import { type AgentMessage, AgentMessage as AgentMessageSchema, type CollectorMessage } from '#shared/protocol/messages.ts'
import type { Lane } from '#shared/protocol/record.ts'
import { certificateRequest, makeKey } from '../../../agent/identity/certificate-request.ts'
import type { Spool } from '../../../agent/spool/spool.ts'
import { systemTime } from '../../../agent/system-time.ts'
import { startWire, type Wire, type WireOptions } from '../../../agent/wire/wire.ts'
import { type Answer, startPaperCollector } from '../identity/paper-collector.ts'
import { openTestSpool, temporaryFolder } from '../spool/records.ts'

type Records = Extract<AgentMessage, { kind: 'records' }>
type Hello = Extract<AgentMessage, { kind: 'hello' }>

/** One connection as the collector sees it. */
export interface Connection {
  socket: WebSocket
  heard: AgentMessage[]
  send(message: CollectorMessage): void
}

export interface Script {
  /** What this connection is told after its hello; by default a welcome with the cursors that were acknowledged so far. */
  onHello?: (connection: Connection, hello: Hello, cursors: Partial<Record<Lane, number>>) => void
  acknowledges?: boolean | ((lane: Lane) => boolean)
  credit?: number
  /** Answers the upgrade instead of opening it. */
  refuses?: () => Answer | undefined
}

export interface ScriptedCollector {
  url: string
  connections: Connection[]
  /** Every seq that came, per lane, in order, also those that came twice. */
  seqs(lane: Lane): number[]
  credentials: { key: string; certificate: string; ca: string }
  script: Script
}

/** Speaks the protocol over real mutual TLS, and does what `script` says, which may change at any time. */
export async function startScriptedCollector(script: Script = {}): Promise<ScriptedCollector> {
  const paper = await startPaperCollector()
  const key = makeKey()
  const certificate = await paper.authority.forRequest(await certificateRequest(key, 'pc-1'))
  const cursors: Partial<Record<Lane, number>> = {}
  const collector: ScriptedCollector = {
    url: paper.url,
    connections: [],
    seqs: (lane) => collector.connections.flatMap(({ heard }) => heard).flatMap((message) => seqsOf(message, lane)),
    credentials: { key, certificate, ca: paper.authority.pem },
    script,
  }
  const sockets = new WebSocketServer({ noServer: true, handleProtocols: () => subprotocol })
  paper.server.on('upgrade', (request, stream, head) => {
    const refusal = collector.script.refuses?.()
    if (refusal) stream.end(rawAnswer(refusal))
    else sockets.handleUpgrade(request, stream, head, (socket) => collector.connections.push(converse(socket, collector, cursors)))
  })
  onTestFinished(() => {
    for (const socket of sockets.clients) socket.terminate()
  })
  return collector
}

function converse(socket: WebSocket, collector: ScriptedCollector, cursors: Partial<Record<Lane, number>>): Connection {
  const connection: Connection = { socket, heard: [], send: (message) => socket.send(JSON.stringify(message)) }
  socket.on('message', (data) => {
    const message = AgentMessageSchema.parse(JSON.parse(String(data)))
    connection.heard.push(message)
    const { onHello = welcome, acknowledges = true, credit = 1_000 } = collector.script
    if (message.kind === 'hello') onHello(connection, message, cursors)
    if (message.kind !== 'records' && message.kind !== 'skipped') return
    const { epoch, lane } = message
    if (!(typeof acknowledges === 'function' ? acknowledges(lane) : acknowledges)) return
    const seq = message.kind === 'skipped' ? message.to : (message.records.at(-1)?.seq ?? 0)
    cursors[lane] = seq
    connection.send({ kind: 'ack', epoch, lane, seq, credit, now: 42 })
  })
  return connection
}

export function welcome(connection: Connection, _hello: Hello, cursors: Partial<Record<Lane, number>>, credit = 1_000): void {
  sendWelcome(connection, { cursors, credit })
}

export function sendWelcome(connection: Connection, changed: Partial<Extract<CollectorMessage, { kind: 'welcome' }>>): void {
  const about = { protocolMinor: 0, collectorVersion: 'test', capabilities: [...collectorCapabilities], now: 41 }
  connection.send({ kind: 'welcome', ...about, endpointId: 'endpoint-1', cursors: {}, credit: 1_000, ...changed })
}

export function acknowledge(connection: Connection | undefined, epoch: string, lane: Lane, seq: number, credit = 1_000): void {
  connection?.send({ kind: 'ack', epoch, lane, seq, credit, now: 42 })
}

const seqsOf = (message: AgentMessage, lane: Lane): number[] =>
  message.kind === 'records' && message.lane === lane ? (message as Records).records.map(({ seq }) => seq) : []

function rawAnswer({ status, body }: Answer): string {
  const text = JSON.stringify(body)
  return `HTTP/1.1 ${status} Refused\r\nContent-Type: application/json\r\nContent-Length: ${text.length}\r\nConnection: close\r\n\r\n${text}`
}

export interface WireUnderTest {
  wire: Wire
  spool: Spool
  /** What the wire told its takers, in order. */
  told: string[]
}

/** The real wire over a real spool, dialling `collector` with short waits. */
export async function startTestWire(collector: ScriptedCollector, changed: Partial<WireOptions> = {}): Promise<WireUnderTest> {
  const spool = changed.spool ?? (await openTestSpool(temporaryFolder()))
  const told: string[] = []
  const wire = startWire({
    ...takersInto(told),
    identity: { collector: collector.url, credentials: async () => collector.credentials, lookup: undefined },
    spool,
    time: systemTime,
    log: pino({ level: 'silent' }),
    version: '0.0.0',
    capabilities: [],
    isolation: () => ({ actual: 'open', readiness: { isReady: false }, since: 0 }),
    backoff: { baseMs: 20, maxMs: 100 },
    ...changed,
  })
  onTestFinished(async () => {
    await wire.stop('stop')
    await spool.close()
  })
  return { wire, spool, told }
}

function takersInto(told: string[]) {
  const note = (what: string): void => void told.push(what)
  return {
    appendStanding: async () => note('standing'),
    onCommand: ({ jws }: { jws: string }) => note(`command ${jws}`),
    onWatch: (isWatched: boolean) => note(`watch ${isWatched}`),
    onCollectorTime: (now: number) => note(`time ${now}`),
  }
}

export const connected = (wire: Wire): Promise<void> => expect.poll(() => wire.isConnected(), { timeout: seconds(5) }).toBe(true)
