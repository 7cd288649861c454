import type { Urgency } from '#shared/domain/priority.ts'
import type { Resolution, TicketAction } from '#shared/domain/ticket.ts'
import type { Time } from '#shared/domain/time.ts'
import type { Identity } from '../identity/identity.ts'
import type { Ingest } from '../ingest/ingest.ts'
import type { LiveBus } from '../live.ts'
import type { Receivers } from '../notify/receivers.ts'
import type { People } from '../people/people.ts'
import type { Matrix } from '../route/matrix.ts'
import type { PersonOf } from './guard.ts'
import type { Sentence } from './reads/tickets.ts'
import type { Streams } from './streams.ts'
import type { Watches } from './watches.ts'

export interface Act {
  ticketId: string
  version: number
  person: { id: string; name: string }
}
export type DeskOutcome =
  | { kind: 'done'; version: number }
  | { kind: 'missing' }
  | { kind: 'stale'; version: number }
  | { kind: 'illegal'; legal: TicketAction[] }
  | { kind: 'refused'; reason: string }
export interface Desk {
  open(ticket: {
    organisationId: string
    endpointId?: string
    title: string
    text: string
    urgency: Urgency
    person: { id: string; name: string }
  }): Promise<string>
  acknowledge(act: Act): Promise<DeskOutcome>
  comment(act: Act & { text: string }): Promise<DeskOutcome>
  resolve(act: Act & { resolution: Resolution; note: string }): Promise<DeskOutcome>
  isolate(act: Act & { reason: string }): Promise<DeskOutcome>
  release(act: Act & { reason: string }): Promise<DeskOutcome>
  leave(act: Act & { reason: string }): Promise<DeskOutcome>
  isolateEndpoint(act: { endpointId: string; person: { id: string; name: string }; reason: string }): Promise<DeskOutcome>
  releaseEndpoint(act: { endpointId: string; person: { id: string; name: string }; reason: string }): Promise<DeskOutcome>
}
export interface AgentWire {
  watch(endpointId: string, isWatched: boolean): void
  disconnect(endpointId: string, code: number, reason: string): void
}
/** What resources need of the collector; `app.ts` hands it in. */
export interface Needs {
  time: Time
  /** The collector's, as the console shows it. */
  version: string
  people: People
  personOf: PersonOf
  streams: Streams
  watches: Watches
  matrix: Matrix
  desk: Desk
  identity: Pick<Identity, 'createToken' | 'revoke' | 'confirmRole'>
  ingest: Pick<Ingest, 'takeFromSource'>
  wire: AgentWire
  bus: LiveBus
  receivers: Pick<Receivers, 'create' | 'disable'>
  sentence: Sentence
  /** Where agents dial in, as tokens carry it. */
  agentsUrl: string
}
