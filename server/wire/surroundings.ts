import type { Logger } from 'pino'
import type { WebSocket } from 'ws'
import type { Time } from '#shared/domain/time.ts'
import type { DocumentNumbers } from '#shared/protocol/document.ts'
import type { AgentMessage, CollectorMessage } from '#shared/protocol/messages.ts'
import type { KnownEndpoint } from '../identity/peers.ts'
import type { Ingest } from '../ingest/ingest.ts'
import type { Backpressure } from './backpressure.ts'
import type { Heartbeat } from './heartbeat.ts'
import type { Patience } from './patience.ts'
import type { Line } from './pulse.ts'
import type { Session } from './session.ts'

export type Message<Kind extends AgentMessage['kind']> = Extract<AgentMessage, { kind: Kind }>

/** What the rest of the collector hears of a session. */
export interface SessionEvents {
  /** May this session be the live one of its endpoint? Ends it with a reason if not. */
  admit(session: Session): Promise<boolean>
  welcomed(session: Session, hello: Message<'hello'>): void
  heard(session: Session): void
  said(session: Session, message: Message<'received' | 'progress' | 'document' | 'goodbye'>): void
  ended(session: Session): void
}

/** `unnamed`: the agent's hello doesn't name it, so it was not sent. `sent` promises no more than that the socket took it. */
export type Offered = 'sent' | 'away' | 'unnamed'

/** What all sessions have in common. */
export interface Surroundings {
  time: Time
  log: Logger
  /** What `welcome` says of this collector now. */
  about(
    theirs: DocumentNumbers | undefined,
    from: KnownEndpoint,
  ): Pick<Extract<CollectorMessage, { kind: 'welcome' }>, 'collectorVersion' | 'documents'>
  ingest: Pick<Ingest, 'takeRecords' | 'takeSkipped' | 'cursors'>
  backpressure: Backpressure
  patience: Patience
  heartbeat: Heartbeat
  events: SessionEvents
}

export interface Peer {
  socket: WebSocket
  /** What the socket runs over. */
  line: Line
  from: KnownEndpoint
  address: string
}
