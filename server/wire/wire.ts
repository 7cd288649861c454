/*
 * The agents' port. Enters: TLS 1.3 connections, with or without a client certificate. Leaves: sessions of known
 * endpoints, their records at ingest. Promises: who you are is decided before the upgrade, and without a certificate of
 * ours only enrolment is reachable; one live session per endpoint; an acknowledgement means committed.
 * On failure: 403 with a code and a sentence before the upgrade, a close code and a reason after it.
 * Meets: strangers, revoked and expired and cloned identities, floods, half-open sockets.
 */
import { constants } from 'node:crypto'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Logger } from 'pino'
import { WebSocketServer } from 'ws'
import type { IsolationStatus } from '#shared/domain/endpoint.ts'
import { sentenceOf } from '#shared/domain/fault.ts'
import type { NeighbourPlace } from '#shared/domain/neighbours.ts'
import { seconds, type Time } from '#shared/domain/time.ts'
import { CloseCode } from '#shared/protocol/close-codes.ts'
import { maxFrameBytes, subprotocol } from '#shared/protocol/limits.ts'
import type { Archives } from '../archive/archive.ts'
import type { Identity } from '../identity/identity.ts'
import type { ServerCertificate } from '../identity/server-certificate.ts'
import type { Ingest } from '../ingest/ingest.ts'
import type { Presence } from '../presence/presence.ts'
import { admitUpgrades } from './admission.ts'
import { Backpressure } from './backpressure.ts'
import { createDocumentExchange, type ExchangeNeeds } from './documents.ts'
import { guardDoorway } from './doorway.ts'
import { createExchanges } from './exchanges.ts'
import { startHeartbeat } from './heartbeat.ts'
import { Patience } from './patience.ts'
import { Session } from './session.ts'
import { createSessions } from './sessions.ts'
import type { Message, Offered, SessionEvents, Surroundings } from './surroundings.ts'

export interface WireOptions {
  listen: { host: string; port: number }
  certificate: ServerCertificate
  version: string
  identity: Identity
  policies: ExchangeNeeds['policies']
  ingest: Ingest
  presence: Presence
  /** Files that agents hand over; none are taken, when absent. */
  archives?: Archives
  time: Time
  log: Logger
  /** Welcomed: whatever waits for this endpoint may go out now. */
  onConnected(endpointId: string): void
  onReceived(endpointId: string, commandId: string, at: number): void
  onProgress(endpointId: string, said: Message<'progress'>): void
  onReported(endpointId: string, status: IsolationStatus): void
}

export interface AgentWire {
  /** Where it listens; differs from what was asked when that was 0. */
  port: number
  /** Sent only to an agent that named its verb. */
  sendCommand(endpointId: string, command: { id: string; verb: string; jws: string; also?: string[] }): Offered
  /** A hint; to an agent that named it. */
  askNeighbour(endpointId: string, places: NeighbourPlace[], isLasting?: boolean): void
  /** Whether it has a session now. */
  isConnected(endpointId: string): boolean
  /** Remembered over reconnects until it is taken back; agents that didn't name `watch` don't hear of it. */
  watch(endpointId: string, isWatched: boolean): void
  /** Ends every session of this endpoint, within a second. */
  disconnect(endpointId: string, code: CloseCode, reason: string): void
  /** For new connections. */
  replaceCertificate(certificate: ServerCertificate): void
  /** Accepts nothing more, acknowledges what came, says goodbye, closes. */
  stop(): Promise<void>
}

/** A frame a little over the limit still gets a reason with its code; `ws` itself closes far larger ones with 1009 alone. */
const hardMaxFrameBytes = 2 * maxFrameBytes
const socketOptions = {
  noServer: true,
  /** `clients` of the server would be one more set of all of them. */
  clientTracking: false,
  maxPayload: hardMaxFrameBytes,
  perMessageDeflate: false,
  handleProtocols: () => subprotocol,
}
/**
 * Nobody comes back sooner; the rest of the wait is spread, about as wide as their handshakes take: a fleet that returns in
 * one second waits for each other, and one that takes its time is missed.
 */
const minRetryMs = seconds(1)
const retryMsPerAgent = 2.5
const maxRetrySpreadMs = seconds(60)

export async function startWire(options: WireOptions): Promise<AgentWire> {
  const { identity, ingest, presence, time, log } = options
  const watched = new Set<string>()
  const sessions = createSessions((live, refused) => reportDuplicate(options, live, refused))
  const about: Surroundings['about'] = (theirs, { organisationId }) => ({
    collectorVersion: options.version,
    documents: { ...identity.documents.numbers(theirs), ...options.policies.numbers(organisationId) },
  })
  const exchange = createDocumentExchange({
    ...{ documents: identity.documents, policies: options.policies, time, log, sessions: sessions.all, raise: ingest.raise },
    endAll: (endpointId) => sessions.endAll(endpointId, CloseCode.Revoked, 'this endpoint was removed'),
  })
  const events: SessionEvents = {
    admit: (session) => sessions.admit(session),
    welcomed: (session, hello) => {
      const { endpointId } = session.from
      exchange.welcomed(session, hello.documents)
      presence.connected(session.from, hello.agentVersion)
      if (watched.has(endpointId)) session.offer('watch', { kind: 'watch', isWatched: true })
      options.onReported(endpointId, hello.isolation)
      options.onConnected(endpointId)
    },
    heard: (session) => presence.heard(session.from.endpointId),
    said: (session, message) => {
      const { endpointId } = session.from
      if (message.kind === 'received') options.onReceived(endpointId, message.commandId, message.at)
      else if (message.kind === 'progress') options.onProgress(endpointId, message)
      else if (message.kind === 'document') exchange.handedBack(session, message)
      else presence.goodbye(endpointId, message.reason)
    },
    ended: (session) => {
      if (sessions.ended(session)) presence.disconnected(session.from.endpointId)
    },
  }

  const heartbeat = startHeartbeat(time)
  const bounds = { backpressure: new Backpressure(ingest.backlog), patience: new Patience(time) }
  const around: Surroundings = { time, log, about, ingest, ...bounds, heartbeat, events }
  const sockets = new WebSocketServer(socketOptions)
  const server = createServer(
    { ...tlsOptions(options), ...httpLimits },
    createExchanges({ identity, time, log, archives: options.archives }),
  )
  admitUpgrades(server, {
    ...{ sockets, identity, log, hasTooMany: sessions.hasTooMany },
    onOpen: (peer) => {
      if (server.listening) sessions.opened(new Session(peer, around))
      else peer.socket.terminate()
    },
  })
  const doorway = guardDoorway(server, time)
  const port = await listen(server, options.listen)

  return {
    port,
    sendCommand: (endpointId, { verb, ...command }) => sessions.offerTo(endpointId, verb, { kind: 'command', ...command }),
    askNeighbour: (endpointId, places, isLasting = false) =>
      void sessions.offerTo(endpointId, 'neighbours', { kind: 'neighbours', places, ...(isLasting && { isLasting }) }),
    isConnected: sessions.isLive,
    watch: (endpointId, isWatched) => {
      if (isWatched) watched.add(endpointId)
      else watched.delete(endpointId)
      sessions.offerTo(endpointId, 'watch', { kind: 'watch', isWatched })
    },
    disconnect: (endpointId, code, reason) => sessions.endAll(endpointId, code, reason),
    replaceCertificate: (certificate) => server.setSecureContext(tlsOptions({ ...options, certificate })),
    stop: async () => {
      exchange.stop()
      const closed = new Promise((resolve) => server.close(resolve))
      const leaving = sessions.all()
      const spreadMs = Math.min(maxRetrySpreadMs, leaving.length * retryMsPerAgent)
      await Promise.all(leaving.map((session) => session.leave(Math.round(minRetryMs + Math.random() * spreadMs))))
      heartbeat.stop()
      doorway.destroyAll()
      await closed
    },
  }
}

/** The server takes every handshake, so that a refusal can be told; who may pass is decided by the certificate alone. */
const tlsOptions = ({ certificate: { certificate, key }, identity }: Pick<WireOptions, 'certificate' | 'identity'>) =>
  ({
    cert: certificate,
    key,
    ca: identity.caPem,
    requestCert: true,
    rejectUnauthorized: false,
    minVersion: 'TLSv1.3',
    // Whoever has the key of such tickets could pose as any agent.
    secureOptions: constants.SSL_OP_NO_TICKET,
  }) as const

/** An agent on a busy machine may be slow to answer a handshake; one that is cut off has to begin anew. */
const httpLimits = { handshakeTimeout: seconds(30), headersTimeout: seconds(10), requestTimeout: seconds(15), maxHeaderSize: 8_192 }

function reportDuplicate({ ingest, log }: WireOptions, live: Session, refused: Session): void {
  const { organisationId, endpointId } = refused.from
  const kind = 'security.identity.duplicate'
  const summary = 'A second machine connects with the identity of this endpoint'
  const facts = { connectedFrom: live.address, refusedFrom: refused.address }
  ingest
    .raise({ organisationId, endpointId, kind, severity: 'medium', fingerprint: kind, summary, facts })
    .catch((error) => log.error({ endpointId, reason: sentenceOf(error) }, 'a duplicate identity could not be recorded'))
}

async function listen(server: Server, { host, port }: { host: string; port: number }): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
  return (server.address() as AddressInfo).port
}
