import type { Kysely } from 'kysely'
import type { Role } from '#shared/domain/endpoint.ts'
import type { Priority } from '#shared/domain/priority.ts'
import { fitsKind, isSecurity } from '#shared/domain/signal.ts'
import type { Tier } from '#shared/domain/tier.ts'
import type { Changes, Subject, TicketCase, Trouble } from '../pipeline/changes.ts'
import type { Database } from '../store/schema.ts'
import type { Within } from '../store/store.ts'
import { explainRole, explainRoute } from './explain.ts'
import type { Matrix } from './matrix.ts'
import type { Contain } from './sections/containment.ts'
import type { Route } from './sections/routes.ts'

/*
 * Enters: a trouble with the route that takes it and its priority; the ticket it joins, if any.
 * Leaves: what it becomes (ticket, digest line, record), team and tier, what the route says of containment and paging.
 * Promises: pure; the decision carries its reasons, and the version of the matrix stands on the ticket.
 * Meets: an attacker who lets a mild signal open the ticket that the bad one joins. What joins can only raise: a worse
 * route takes the ticket to a higher tier, security beats all, and nothing brings it down again.
 */

export interface Decision {
  route: string
  becomes: 'ticket' | 'digest' | 'record'
  team: string
  tier: Tier
  tells: string[]
  skills: string[]
  playbook: string | null
  needsVisit: boolean
  contain: Contain
  /** The process that is accused is halted at once. */
  suspends: boolean
  /** At any hour; otherwise people hear of it when they work. */
  isPaging: boolean
  /** Asked for when a ticket takes the decision over, and not by the thousands that only join one. */
  reasons(): string[]
}

export function route(matrix: Matrix, rule: Route, priority: Priority, trouble: Trouble, subject: Subject): Decision {
  const routed = rule.team[subject.role === 'unknown' ? 'server' : subject.role]
  const team = ownItFor(matrix, routed, trouble.kind, subject) ?? routed
  const pages = mayPage(rule, priority, matrix, subject)
  const silencedBy = pages ? silenced(matrix, trouble, trouble.happenedAt !== null, subject) : undefined
  return {
    route: rule.name,
    becomes: becomesWhat(matrix, rule, priority, team, subject),
    team,
    tier: matrix.tierOf(team),
    tells: rule.tells,
    skills: rule.skills,
    playbook: rule.playbook ?? null,
    needsVisit: rule.needsVisit,
    contain: containOf(rule, subject.role),
    suspends: rule.suspend,
    isPaging: pages && silencedBy === undefined,
    reasons: () => [
      ...explainRoute(rule, trouble, subject, team),
      explainRole(subject),
      ...(team === routed ? [] : ['Their own IT has this first.']),
      ...(silencedBy === undefined ? [] : [silencedBy]),
    ],
  }
}

/** The customer's own team, where it has this kind first. What threatens them goes to security, whatever they agreed. */
function ownItFor(matrix: Matrix, team: string, kind: string, { organisation }: Subject): string | undefined {
  if (!organisation.ownIt?.some((pattern) => fitsKind(pattern, kind)) || matrix.tierOf(team) === 'security') return undefined
  return providersOwn.some((beginning) => kind.startsWith(beginning)) ? undefined : matrix.ownIt
}
const providersOwn = ['security.', 'system.', 'task.', 'desk.']

/** Containment of a machine nobody knows is that of a core machine: never without a person. */
export const containOf = (rule: Route, role: Role): Contain => rule.contain[role === 'unknown' ? 'core' : role]

/** Puts the decision on the ticket. A ticket that is joined keeps what it has unless the new route is worse. */
export function decideRoute(
  work: TicketCase,
  decision: Decision,
  priorityReasons: string[],
  matrix: Matrix,
  isJoining: boolean,
  now: number,
): Changes {
  const reasons = [...priorityReasons, ...decision.reasons()]
  const { team, tier, skills, playbook, needsVisit } = decision
  const asked = { ...(skills.length > 0 && { skills }), ...(playbook !== null && { playbook }), ...(needsVisit && { needsVisit }) }
  const entry = {
    kind: 'routed' as const,
    actor: 'system',
    body: { route: decision.route, team, tier, tells: decision.tells, ...asked, reasons, matrixVersion: matrix.version },
  }
  const decided = { rule: decision.route, reasons: JSON.stringify(reasons), matrix_version: matrix.version }
  if (!isJoining || rank[tier] > rank[work.ticket.tier]) {
    // Whoever had it is in another tier; in this one nobody has taken it yet.
    const planned = isJoining ? {} : { plan_version: matrix.version }
    const moved = { ...planned, team, tier, in_tier_since: now, owner_id: null, status: statusThere(work, tier), acknowledged_at: null }
    return { ticket: { ...decided, ...moved }, entries: [entry] }
  }
  return { ticket: decided, entries: [{ ...entry, body: { ...entry.body, team: work.ticket.team, tier: work.ticket.tier } }] }
}

/** A wait goes on whatever joins, but no attack waits for anybody. */
const statusThere = ({ ticket }: TicketCase, tier: Tier): 'new' | 'waiting' =>
  ticket.status === 'waiting' && tier !== 'security' ? 'waiting' : 'new'

/** Joining moves a ticket upwards only. Field and vCIO are beside the ladder: only security takes a ticket from them. */
const rank: Record<Tier, number> = { tier1: 1, tier2: 2, tier3: 3, field: 3, vcio: 3, security: 4 }

/** Whether joining by this decision is worse than how the ticket stands. */
export function isWorse(work: TicketCase, decision: Decision, isMorePressing: boolean, matrix: Matrix): boolean {
  const before = matrix.routeNamed(work.ticket.rule)
  const strengthBefore = before ? strength(containOf(before, work.subject.role)) : 0
  const goesToSecurity = decision.tier === 'security' && work.ticket.tier !== 'security'
  return isMorePressing || goesToSecurity || strength(decision.contain) > strengthBefore
}

/** How far a containment goes by itself. */
export function strength(contain: Contain): number {
  if (contain.kind === 'ask') return contain.otherwise === 'isolate' ? 2 : 1
  return contain.kind === 'auto' ? 3 : 0
}

function becomesWhat(matrix: Matrix, rule: Route, priority: Priority, team: string, subject: Subject): Decision['becomes'] {
  if (rule.becomes !== 'ticket' || matrix.promises.teams[team]) return rule.becomes
  const plan = matrix.promises.plans[subject.organisation.plan] ?? matrix.promises.plans.standard
  return plan?.[priority] === 'digest' ? 'digest' : 'ticket'
}

/** Why this pages nobody whatever its route says; undefined: it may. */
function silenced(matrix: Matrix, { kind, severity }: Pick<Trouble, 'kind' | 'severity'>, isOld: boolean, subject: Subject) {
  if (!matrix.modes[subject.organisation.mode].pagesHealth && isHealth(kind)) return 'The organisation observes: this pages nobody.'
  if (isOld && !(isSecurity(kind) && severity === 'critical')) return 'It happened long before it was heard of: this pages nobody.'
  return undefined
}

/** How machines and their networks are. What threatens them, what people ask, and our own troubles are something else. */
const isHealth = (kind: string): boolean => ['health.', 'presence.', 'network.'].some((beginning) => kind.startsWith(beginning))

/** By the route alone. */
function mayPage(rule: Route, priority: Priority, matrix: Matrix, subject: Subject): boolean {
  switch (rule.page) {
    case 'yes':
      return true
    case 'no':
      return false
    case 'P1':
      return priority === 'P1'
    case 'core':
      return subject.role === 'core'
    case 'servers':
      return subject.role !== 'workstation'
    case 'plan': {
      const promise = matrix.promises.plans[subject.organisation.plan]?.[priority]
      return promise !== undefined && promise !== 'digest' && matrix.calendars[promise.calendar] === 'always'
    }
  }
}

/** Whether people hear of this ticket at any hour, by the route that decided on it. A route that is gone pages nobody. */
export function isPagingTicket(matrix: Matrix, { ticket, subject }: TicketCase): boolean {
  const rule = matrix.routeNamed(ticket.rule)
  if (!rule || !mayPage(rule, ticket.priority, matrix, subject)) return false
  return silenced(matrix, ticket, ticket.happened_at !== null, subject) === undefined
}

/** When people hear of this ticket: at any hour, when its team opens, or then and without being called. */
export function hearingOf(matrix: Matrix, work: TicketCase): 'page' | 'page-at-opening' | 'tell-at-opening' {
  const { ticket, subject } = work
  if (isPagingTicket(matrix, work)) return 'page'
  const rule = matrix.routeNamed(ticket.rule)
  const isSilent = !rule || rule.page === 'no' || rule.page === 'P1' || silenced(matrix, ticket, ticket.happened_at !== null, subject)
  return isSilent ? 'tell-at-opening' : 'page-at-opening'
}

/** Gives the matrix the version under which tickets remember it; a document that differs from the last is a new one. */
/** @param within what stands or falls with it. */
export async function keepMatrix(db: Kysely<Database>, matrix: Matrix, author: string, now: number, within?: Within): Promise<Matrix> {
  const version = await db.transaction().execute(async (tx) => {
    const last = await tx.selectFrom('matrix_versions').select(['version', 'sha256']).orderBy('version', 'desc').limit(1).executeTakeFirst()
    if (last?.sha256 === matrix.sha256) {
      await within?.(tx)
      return last.version
    }
    const next = (last?.version ?? 0) + 1
    const row = { version: next, yaml: matrix.yaml, sha256: matrix.sha256, author, created_at: now }
    await tx.insertInto('matrix_versions').values(row).execute()
    await within?.(tx)
    return next
  })
  return { ...matrix, version }
}
