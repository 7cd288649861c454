import type { Role } from '#shared/domain/endpoint.ts'
import type { Severity } from '#shared/domain/severity.ts'
import type { Facts, SignalState } from '#shared/domain/signal.ts'
import type { LoneIsolation } from '../command/contain.ts'
import { acknowledge } from '../desk/acts.ts'
import { fireDue } from '../due/due.ts'
import type { Subject, TicketCase } from '../pipeline/changes.ts'
import type { Rules } from '../pipeline/keep.ts'
import { decide } from '../pipeline/pipeline.ts'
import { alone, type Outcome, type SignalRow, type View } from '../pipeline/world.ts'
import { nothingSuppressed } from '../suppress/suppress.ts'
import { remember } from './memory.ts'

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

/** @param lately Machines that were isolated alone before, which this one joins if it is. */
export function rehearse(rules: Rules, scene: Scene, now: number, machine = 'host', lately: LoneIsolation[] = []): Rehearsal {
  const subject = subjectOf(scene, machine)
  const known = { isOver: () => scene.isOver, lately, suppression: nothingSuppressed, ...alone }
  const view: View = { subjectOf: () => subject, earlier: () => undefined, nextNumber: 1, ...known }
  const outcome = decide(view, rules, rowOf(scene, machine, now), now)
  let work: TicketCase | undefined
  let isolatedAt: number | null = null
  let timers = 0

  const keep = (decided: TicketCase, at: number): void => {
    if (isolatedAt === null && decided.orders.some(({ verb, requestedBy }) => verb === 'isolate-host' && requestedBy === 'system')) {
      isolatedAt = at
      lately.push({ endpointId: machine, siteId: subject.site?.id ?? null, organisationId: subject.organisation.id, at })
    }
    const kept = remember(decided, rules, at, () => `timer-${++timers}`)
    work = { ...kept.work, entries: [...(work?.entries ?? []), ...kept.entries] }
  }
  if (outcome.kind === 'ticket') keep(outcome.work, now)

  const fireOn = (before: TicketCase, dueAt: number, until: number): void => {
    const [due] = before.timers.filter((timer) => timer.dueAt === dueAt)
    if (!due) return
    const at = Math.min(Math.max(dueAt, now), until)
    const without = { ...before, timers: before.timers.filter((timer) => timer !== due) }
    // Nobody is named, so no two teams are the same people.
    keep(fireDue({ ...without, entries: [] }, [due], { rules, staff: [], packet: undefined }, at), at)
  }
  return {
    outcome,
    get work() {
      return work
    },
    get isolatedAt() {
      return isolatedAt
    },
    waitUntil(instant) {
      for (let next = nextDue(work, instant); next !== undefined && work; next = nextDue(work, instant)) fireOn(work, next, instant)
    },
    acknowledge(instant) {
      const acted = work && acknowledge({ ...work, entries: [] }, { person: { id: 'somebody' }, rules, now: instant })
      if (acted?.kind === 'work') keep(acted.work, instant)
    },
  }
}

function nextDue(work: TicketCase | undefined, until: number): number | undefined {
  const due = (work?.timers ?? []).map(({ dueAt }) => dueAt).filter((dueAt) => dueAt <= until)
  return due.length === 0 ? undefined : Math.min(...due)
}

function subjectOf({ role, plan, mode, timeZone, tags, organisation }: Scene, machine: string): Subject {
  return {
    organisation: { id: 'organisation', name: organisation, mode, plan, timeZone },
    site: { id: 'site', timeZone },
    endpoint: { id: machine, hostname: machine, tags },
    role,
    roleSource: role === 'unknown' ? 'unknown' : 'facts',
    isolation: null,
  }
}

function rowOf({ signal: { kind, severity, state, summary, facts, ageMs, origin } }: Scene, machine: string, now: number): SignalRow {
  return {
    ...{ id: `signal-of-${machine}`, organisation_id: 'organisation', endpoint_id: machine, source_id: null, origin },
    ...{ kind, severity, state, fingerprint: kind, summary, facts: JSON.stringify(facts), age_ms: ageMs, received_at: now },
    detector: 'rehearsal',
  }
}
