import type { HopReason } from '#shared/domain/ticket.ts'
import type { Staff } from '../escalate/crew.ts'
import type { Fact } from '../figures/facts.ts'
import type { Entry, Subject, TicketCase, Timer } from '../pipeline/changes.ts'
import type { SignalRow } from '../pipeline/world.ts'
import type { Arrival } from './arrivals.ts'
import type { CrewAtWork } from './crews.ts'
import type { Gauge } from './gauge.ts'
import type { Load } from './load.ts'

/** The functions that decide on a collector, as the simulator asks them. */
export interface Deciding {
  /** undefined: it becomes no ticket. `also`: the ticket over it, and others that went under that one. */
  signal(signal: SignalRow, subject: Subject, earlier: TicketCase | undefined, now: number): Decided | undefined
  request(arrival: Extract<Arrival['what'], { kind: 'request' }>['request'], subject: Subject, now: number): TicketCase
  acknowledge(work: TicketCase, personId: string, now: number): TicketCase
  askCustomer(work: TicketCase, personId: string, now: number): TicketCase
  hearCustomer(work: TicketCase, now: number): TicketCase
  resolve(work: TicketCase, personId: string, now: number): TicketCase
  /** undefined: from here this leads nowhere. */
  escalate(work: TicketCase, personId: string, reason: HopReason, now: number): TicketCase | undefined
  fire(work: TicketCase, due: readonly Timer[], staff: readonly Staff[], now: number): TicketCase
  /** `released`: tickets under it that stand alone or end by what was decided. */
  remember(work: TicketCase, now: number): { work: TicketCase; entries: readonly Entry[]; released: readonly TicketCase[] }
  isPaging(work: TicketCase): boolean
  factsOf(entries: readonly Entry[], subject: Subject, now: number): Fact[]
}

/** A signal's ticket, and others that change with it. */
export interface Decided {
  work: TicketCase
  also: readonly TicketCase[]
}

export interface Scene {
  from: number
  until: number
  arrivals: Iterable<Arrival>
  crews: readonly CrewAtWork[]
  load: Pick<Load, 'work' | 'notices'>
}

export interface Simulated extends Pick<Scene, 'from' | 'until'> {
  facts: readonly Fact[]
  /** Signals that opened no ticket: they joined one, cleared, were recorded, or are a line in a digest. */
  otherSignals: number
  stillOpen: number
  /** Tickets that are or ended under another, which counts for them. */
  under: number
  /** Machines that were cut off without a person. */
  isolated: number
  gauge: Gauge
  crews: readonly CrewAtWork[]
}
