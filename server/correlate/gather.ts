import { fitsKind, isSecurity } from '#shared/domain/signal.ts'
import { minutes } from '#shared/domain/time.ts'
import type { Changes, Subject, TicketCase, Trouble } from '../pipeline/changes.ts'
import type { Matrix } from '../route/matrix.ts'

/*
 * A ticket among others like it (pure). Enters: a trouble that opens a ticket, and what else came of its kind lately.
 * Leaves: whether it stands alone, goes under a ticket that is there, or makes one with those that came before it.
 * Promises: what a person has touched stays theirs; a ticket is under one other at most.
 * Meets: one bad rule that floods every desk, and whoever would make a storm of a few machines to hide behind it.
 */

/** Of one kind in the last minutes, the one that is judged among them. */
export interface Surge {
  tickets: number
  machines: number
  organisations: number
  /** All machines there are; null: nobody counted, because it can't matter. */
  fleet: number | null
}

/** What a ticket would stand beside, were it to open now. */
export interface Crowd {
  /** The open tickets that gather its kind: over organisations, and on its site. */
  storm: TicketCase | undefined
  site: TicketCase | undefined
  surge: Surge
  /** Machines of the site that have its kind, itself among them. */
  siteMachines: number
  /** How many machines the site has; null: nobody counted. */
  siteSize: number | null
  /** What came before it and would go under one ticket with it. */
  siblings(gathers: 'site' | 'storm'): readonly TicketCase[]
}

/** What gathers by itself. */
export type Gatherer = 'site' | 'storm' | 'endpoint'

export type Place =
  | { kind: 'alone' }
  | { kind: 'under'; parent: TicketCase; gathers: 'site' | 'storm' }
  | { kind: 'makes'; gathers: 'site' | 'storm'; again: TicketCase | undefined; siblings: readonly TicketCase[] }

type Words = Pick<Matrix, 'gathering'>

/** A storm goes before a site: nothing of it isolates by itself. */
export function placeAmong(crowd: Crowd, kind: string, { gathering }: Words): Place {
  const { storm, site, surge, siteMachines } = crowd
  if (storm?.ticket.gathering === 'on') return { kind: 'under', parent: storm, gathers: 'storm' }
  if (storm?.ticket.gathering !== 'off' && isStorm(surge, gathering.storm))
    return { kind: 'makes', gathers: 'storm', again: storm, siblings: crowd.siblings('storm') }
  if (site?.ticket.gathering === 'on') return { kind: 'under', parent: site, gathers: 'site' }
  const isSites = siteMachines >= gathering.site.machines && gathersOnSite(kind, gathering.site)
  return isSites && !site ? { kind: 'makes', gathers: 'site', again: undefined, siblings: crowd.siblings('site') } : { kind: 'alone' }
}

function isStorm({ tickets, machines, organisations, fleet }: Surge, limits: Words['gathering']['storm']): boolean {
  if (organisations < limits.organisations) return false
  const counted = Math.min(tickets, machines * limits.perMachine)
  return counted >= limits.tickets || (fleet !== null && machines >= limits.fleetAtLeast && machines * 100 >= fleet * limits.fleetPercent)
}

/** Whether so many, at most, can be a storm: what else it takes is read only then. */
export const mayBeStorm = ({ tickets, machines, organisations }: Omit<Surge, 'fleet'>, { storm }: Words['gathering']): boolean =>
  organisations >= storm.organisations && (tickets >= storm.tickets || machines >= storm.fleetAtLeast)

/** People's requests, our own troubles and what gathers others stand alone. */
export const isGathered = (kind: string): boolean => !['request.', 'system.', 'problem.'].some((own) => kind.startsWith(own))

export const gathersOnSite = (kind: string, { kinds }: Words['gathering']['site']): boolean =>
  isGathered(kind) && kinds.some((pattern) => fitsKind(pattern, kind))

export const stormFingerprint = (kind: string): string => `system.storm:${kind}`
export const siteFingerprint = (siteId: string, kind: string): string => `site:${siteId}:${kind}`

/** As what a storm of these is decided: by the routes of our own troubles. */
export const stormOf = (trouble: Trouble): Trouble => ({
  ...{
    signalId: trouble.signalId,
    kind: 'system.storm',
    fingerprint: stormFingerprint(trouble.kind),
    state: 'raised',
    source: 'collector',
  },
  severity: isSecurity(trouble.kind) && trouble.severity === 'critical' ? 'critical' : 'high',
  summary: `A storm of ${trouble.kind} in several organisations: ${trouble.summary}`.slice(0, 500),
  ...{ facts: { kind: trouble.kind }, ageMs: 0, happenedAt: null, urgency: null },
})

/** As what the ticket of a site is decided: as any of those under it. */
export const siteTroubleOf = (trouble: Trouble, siteId: string): Trouble => ({
  ...{ signalId: trouble.signalId, kind: trouble.kind, severity: trouble.severity, state: trouble.state, source: trouble.source },
  ...{ fingerprint: siteFingerprint(siteId, trouble.kind), summary: `Several machines of one site: ${trouble.summary}`.slice(0, 500) },
  ...{ facts: trouble.facts, ageMs: trouble.ageMs, happenedAt: trouble.happenedAt, urgency: trouble.urgency },
})

/** Of all machines of a site, none. */
export const siteSubject = (subject: Subject): Subject => ({ ...subject, endpoint: null, isolation: null })

/** Whether it may go under another: nobody has touched it, and it stands alone. */
export const mayBeGathered = ({ ticket }: TicketCase): boolean =>
  ticket.status === 'new' && ticket.parent_id === null && ticket.touched_at === null

/** It goes under `parent`: nothing is promised for it and nobody is called; in a storm a question stands until a person answers. */
export function gathered(work: TicketCase, parent: TicketCase, gathers: Gatherer): Changes {
  const body = { ticketId: parent.ticket.id, number: parent.ticket.number, by: gathers }
  const kept = gathers === 'storm' ? [] : (['ask-due'] as const)
  const { timers } = work
  return {
    ticket: {
      ...{ parent_id: parent.ticket.id, gathered_by: gathers, respond_by: null, resolve_by: null, box_by: null },
      ...{ owner_id: null, waiting_for: null, waiting_since: null },
    },
    entries: [{ kind: 'gathered', actor: 'system', body }],
    cancel: timers.flatMap(({ kind }) => (kept.some((each) => each === kind) ? [] : kind)),
  }
}

/** Whether nothing is done about its machine without a person: it is in a storm. */
export const isInStorm = ({ ticket }: TicketCase): boolean => ticket.parent_id !== null && ticket.gathered_by === 'storm'

/** When it is looked at whether a storm is over. */
export const stormCalm = ({ gathering }: Words, now: number): Pick<Changes, 'plan'> => ({
  plan: [{ kind: 'storm-calm', dueAt: now + gathering.storm.calm.for }],
})

/** A storm is looked at so often once the time of calm could be over. */
const lookMs = minutes(5)

/** @param lately How many came under it within the time that has to be calm. */
export function calmDown({ ticket }: TicketCase, lately: number, { gathering }: Words, now: number): Changes {
  const { calm } = gathering.storm
  if (ticket.gathering !== 'on') return {}
  if (lately >= (calm.below * calm.for) / minutes(1)) return { plan: [{ kind: 'storm-calm', dueAt: now + lookMs }] }
  const body = { tickets: ticket.occurrences, quietMs: calm.for }
  return { ticket: { gathering: 'over', is_standing: 0 }, entries: [{ kind: 'storm-over', actor: 'system', body }] }
}

/** More under it: counted always, said at the first ones and at round numbers. */
export function tookIn({ ticket }: TicketCase, now: number, count = 1): Changes {
  const occurrences = ticket.occurrences + count
  const isSaid = count > 1 || isRound(occurrences)
  const body = { by: ticket.gathers, tickets: occurrences }
  return { ticket: { occurrences, last_signal_at: now }, entries: isSaid ? [{ kind: 'gathers', actor: 'system', body }] : [] }
}

/** 10, 20, 50, 100, … and the first ones. */
function isRound(count: number): boolean {
  if (count <= 5) return true
  const power = 10 ** Math.floor(Math.log10(count))
  return [1, 2, 5].some((digit) => count === digit * power)
}
