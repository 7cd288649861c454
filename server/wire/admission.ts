import type { IncomingMessage } from 'node:http'
import type { Server } from 'node:https'
import type { Duplex } from 'node:stream'
import type { Logger } from 'pino'
import type { WebSocket, WebSocketServer } from 'ws'
import { sentenceOf } from '#shared/domain/fault.ts'
import { RefusalCode } from '#shared/protocol/close-codes.ts'
import { subprotocol } from '#shared/protocol/limits.ts'
import type { Identity } from '../identity/identity.ts'
import type { KnownEndpoint } from '../identity/peers.ts'
import { type Answer, addressOf, notFound, peerOf, refusal } from './exchanges.ts'
import type { Line } from './pulse.ts'
import type { Peer } from './surroundings.ts'

/** Who may upgrade to a socket: an endpoint of ours, and nobody too often. */
export interface AdmissionNeeds {
  sockets: WebSocketServer
  identity: Identity
  log: Logger
  hasTooMany(endpointId: string): boolean
  /** Let in. */
  onOpen(peer: Peer): void
}

type Verdict = { kind: 'admitted'; from: KnownEndpoint } | { kind: 'refused'; answer: Answer }

/** What is said here must not hold on to the request: its headers and its first bytes would live as long as the connection. */
export function admitUpgrades(server: Server, needs: AdmissionNeeds): void {
  server.on('upgrade', (request: IncomingMessage, line: Duplex, head: Buffer) => {
    line.on('error', destroyed)
    void admit(request, line as Line, head, needs)
  })
}

function destroyed(this: Duplex): void {
  this.destroy()
}

async function admit(request: IncomingMessage, line: Line, head: Buffer, needs: AdmissionNeeds): Promise<void> {
  const address = addressOf(request)
  try {
    const verdict = await judge(request, address, needs)
    if (verdict.kind === 'refused') refuse(line, verdict.answer)
    else if (!line.destroyed) needs.sockets.handleUpgrade(request, line, head, opener(needs, { line, from: verdict.from, address }))
  } catch (error) {
    needs.log.error({ address, reason: sentenceOf(error) }, 'an agent could not be let in')
    line.destroy()
  }
}

const opener =
  ({ onOpen }: AdmissionNeeds, about: Omit<Peer, 'socket'>) =>
  (socket: WebSocket): void =>
    onOpen({ ...about, socket })

async function judge(request: IncomingMessage, address: string, { identity, hasTooMany }: AdmissionNeeds): Promise<Verdict> {
  if (request.url !== '/agent') return { kind: 'refused', answer: notFound }
  const from = await identity.authenticate(peerOf(request), { address, userAgent: request.headers['user-agent'] })
  if (from.kind === 'refused') return { kind: 'refused', answer: refusal(from) }
  const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim())
  if (!offered.includes(subprotocol)) return { kind: 'refused', answer: unknownProtocol }
  if (hasTooMany(from.endpointId)) return { kind: 'refused', answer: refusal(tooMany) }
  return { kind: 'admitted', from }
}

const unknownProtocol: Answer = { status: 426, body: { code: 'unsupported-version', message: `this collector speaks ${subprotocol}` } }
const tooMany = { code: RefusalCode.TooMany, message: 'this identity has several connections open already' }

function refuse(line: Duplex, { status, body }: Answer): void {
  const text = JSON.stringify(body)
  const head = ['content-type: application/json', `content-length: ${Buffer.byteLength(text)}`, 'connection: close']
  line.end([`HTTP/1.1 ${status} Refused`, ...head, '', text].join('\r\n'))
}
