import type { Logger } from 'pino'
import type { FiguresAnswer } from '#shared/api/figures.ts'
import type { Time } from '#shared/domain/time.ts'
import type { Archives } from '../archive/archive.ts'
import type { StandingOrders } from '../command/standing/standing.ts'
import type { Absences } from '../desk/absences.ts'
import type { AuditBook } from '../desk/audit-book.ts'
import type { BulkDesk } from '../desk/bulk.ts'
import type { Desk } from '../desk/desk.ts'
import type { Held } from '../desk/held.ts'
import type { HeldMails } from '../desk/held-mails.ts'
import type { Matrices } from '../desk/matrices.ts'
import type { Modes } from '../desk/modes.ts'
import type { Noise } from '../desk/noise.ts'
import type { Policies } from '../desk/policies.ts'
import type { Signing } from '../desk/signing.ts'
import type { Stop } from '../desk/stop.ts'
import type { Maintenance } from '../due/maintenance.ts'
import type { Ledger, LedgerEntry } from '../escalate/ledger.ts'
import type { Asked } from '../figures/figures.ts'
import type { noiseOf } from '../figures/noise-meter.ts'
import type { Identity } from '../identity/identity.ts'
import type { Ingest } from '../ingest/ingest.ts'
import type { LiveBus } from '../live.ts'
import type { Receivers } from '../notify/receivers.ts'
import type { People } from '../people/people.ts'
import type { Rosters } from '../people/rosters.ts'
import type { Scripts } from '../script/script.ts'
import type { AgentWire } from '../wire/wire.ts'
import type { PersonOf } from './guard.ts'
import type { ToldTicket } from './reads/figures.ts'
import type { Reading, Words } from './reads/tickets.ts'
import type { Streams } from './streams.ts'
import type { Watches } from './watches.ts'

/** What resources need of the collector; `app.ts` hands it in. */
export interface Needs {
  time: Time
  log: Logger
  /** The collector's, as the console shows it. */
  version: string
  people: People
  personOf: PersonOf
  streams: Streams
  watches: Watches
  matrices: Pick<Matrices, 'rules' | 'put' | 'check'>
  policies: Pick<Policies, 'put' | 'current' | 'unsigned' | 'sign' | 'explain'>
  desk: Desk
  held: Held
  heldMails: HeldMails
  signing: Signing
  bulk: BulkDesk
  auditBook: AuditBook
  scripts: Scripts
  standing: Pick<StandingOrders, 'drafts' | 'ask' | 'sign' | 'withdraw'>
  identity: Pick<Identity, 'createToken' | 'revoke' | 'confirmRole' | 'tag' | 'adopt' | 'register'>
  ingest: Pick<Ingest, 'takeFromSource'>
  archives: Pick<Archives, 'file'>
  wire: Pick<AgentWire, 'watch' | 'disconnect'>
  bus: LiveBus
  modes: Pick<Modes, 'preview' | 'change'>
  rosters: Rosters
  absences: Absences
  stop: Stop
  maintenance: Maintenance
  noise: Noise
  receivers: Pick<Receivers, 'complaints' | 'create' | 'disable'>
  words: Words
  /** Where the minutes of a ticket went, by its whole timeline. */
  ledgerOf(entries: readonly LedgerEntry[], now: number): Ledger
  /** What a desk is measured by, from timelines. */
  figuresOf(told: readonly ToldTicket[], asked: Asked, now: number): Promise<FiguresAnswer>
  /** What is counted against what is aimed at. */
  noiseOf: typeof noiseOf
  /** Whether a ticket's condition has begun and ended so often lately that it stays open for longer. */
  comesAndGoes: Reading['comesAndGoes']
  /** Where agents dial in, as tokens carry it. */
  agentsUrl: string
}
