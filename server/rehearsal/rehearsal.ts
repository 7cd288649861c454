import type { Role } from '#shared/domain/endpoint.ts'
import type { Severity } from '#shared/domain/severity.ts'
import type { Facts, SignalState } from '#shared/domain/signal.ts'
import type { Subject, TicketCase } from '../pipeline/changes.ts'
import type { Rules } from '../pipeline/keep.ts'
import type { Outcome, SignalRow } from '../pipeline/world.ts'
import { createRehearsedDesk } from './rehearsed-desk.ts'

/*
 * A ticket's life over memory: the functions that decide on a collector, on a clock that is told. Nothing is written, no
 * machine hears of it. Enters: rules, and what happens when. Leaves: what became of it, and the ticket as it stands.
 */

export interface Scene {
  signal: {
    kind: string
    severity: Severity
    state: SignalState
    summary: string
    facts: Facts
    /** How old the news is when it arrives. */
    ageMs: number
    origin: SignalRow['origin']
  }
  role: Role
  plan: string
  mode: 'observe' | 'live'
  timeZone: string
  tags: readonly string[]
  organisation: string
  /** Clear again by the time it is decided; looked at when it is old. */
  isOver: boolean
}

/** One machine, and all that happens to its one ticket. */
export interface Rehearsal {
  readonly outcome: Outcome
  /** undefined: it became no ticket. */
  readonly work: TicketCase | undefined
  /** When it was isolated without a person; null: it wasn't. */
  readonly isolatedAt: number | null
  /** Fires what is due until then, each at its instant. */
  waitUntil(instant: number): void
  acknowledge(instant: number): void
}

export function rehearse(rules: Rules, scene: Scene, now: number): Rehearsal {
  const subject = machineOf(scene, lone)
  const desk = createRehearsedDesk(rules, [subject], now)
  const outcome = desk.arrive(signalOf(scene, subject, 1, now), scene.isOver, now)
  const id = outcome.kind === 'ticket' ? outcome.work.ticket.id : ''
  return {
    outcome,
    get work() {
      return desk.workOf(id)
    },
    get isolatedAt() {
      return desk.isolatedAt(lone.name)
    },
    waitUntil: desk.waitUntil,
    acknowledge: (instant) => desk.acknowledge(instant, id),
  }
}

/** Where a machine of a scene stands. */
export interface Stands {
  name: string
  /** Of organisations that are otherwise alike; each has one site. */
  organisation: number
}
const lone: Stands = { name: 'host', organisation: 1 }

export function machineOf({ role, plan, mode, timeZone, tags, organisation }: Scene, { name, organisation: nth }: Stands): Subject {
  return {
    organisation: { id: `organisation-${nth}`, name: nth === 1 ? organisation : `${organisation} ${nth}`, mode, plan, timeZone },
    site: { id: `site-${nth}`, timeZone },
    endpoint: { id: name, hostname: name, tags },
    role,
    roleSource: role === 'unknown' ? 'unknown' : 'facts',
    isolation: null,
  }
}

/** @param nth of all that are said. */
export function signalOf({ signal }: Scene, { organisation, endpoint }: Subject, nth: number, now: number): SignalRow {
  const { kind, severity, state, summary, facts, ageMs, origin } = signal
  return {
    ...{ id: `signal-${nth}`, organisation_id: organisation.id, endpoint_id: endpoint?.id ?? null, source_id: null, origin },
    ...{ kind, severity, state, fingerprint: kind, summary, facts: JSON.stringify(facts), age_ms: ageMs, received_at: now },
    detector: 'rehearsal',
  }
}
