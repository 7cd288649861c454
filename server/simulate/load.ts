import type { Role } from '#shared/domain/endpoint.ts'
import type { Urgency } from '#shared/domain/priority.ts'
import type { Severity } from '#shared/domain/severity.ts'
import type { Facts } from '#shared/domain/signal.ts'
import type { Tier } from '#shared/domain/tier.ts'
import type { Shift, Weekday } from '../people/roster.ts'

/** What comes in and who is there, as somebody describes it. Times are milliseconds. */
export interface Load {
  /** Of the clock on the wall everywhere in it. */
  timeZone: string
  /** "2026-11-23" */
  startsOn: string
  fleet: { organisations: number; workstations: number; servers: number; core: number; plan: string; mode: 'observe' | 'live' }
  arrivals: {
    /** On a day of weight 1. */
    perDay: number
    byDay: Readonly<Record<Weekday, number>>
    /** A weight for each of the 24 hours. */
    byHour: readonly number[]
  }
  mix: readonly Sort[]
  storms: readonly Storm[]
  /** How long one person works on one ticket, by the tier it is in. */
  work: Readonly<Partial<Record<Tier, Effort>>>
  /** Until somebody who is free looks at what has come. */
  notices: number
}

/** Tickets of one sort. */
export interface Sort {
  share: number
  from: 'person' | 'agent'
  /** Of an agent's signal. */
  kind: string
  severity: Severity
  urgency: Urgency
  role: Exclude<Role, 'unknown'>
  summary: string
  facts: Facts
  /** Whom it takes, by weight; empty: whoever has it. */
  needs: Readonly<Partial<Record<Tier, number>>>
  /** This share of them waits for the customer, so long on average. */
  waits: { share: number; mean: number } | undefined
  /** This share of them clears by itself, after so long on average. */
  clears: { share: number; mean: number } | undefined
}

/** Many alerts of one kind at once: a bad rule, an outage of a vendor. */
export interface Storm {
  /** On the wall: "2026-11-25T10:00" */
  at: string
  alerts: number
  within: number
  organisations: number
  machines: number
  kind: string
  severity: Severity
  summary: string
  facts: Facts
}

export interface Effort {
  mean: number
  spread: 'exponential' | 'constant'
}

/** People who work at the same hours on the same queues. */
export interface Crew extends Pick<Shift, 'days' | 'from' | 'to'> {
  teams: readonly string[]
  people: number
  /** What they can bring to an end; absent: what their teams' tiers and the rungs below are for. */
  solves: readonly Tier[] | undefined
  /** Only what pages, and only when nobody of its team works. */
  onCall: boolean
}
