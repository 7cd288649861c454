import type { Role } from '#shared/domain/endpoint.ts'
import { comparePriority, Impact, type Priority, type Urgency } from '#shared/domain/priority.ts'
import { isSecurity } from '#shared/domain/signal.ts'
import type { Changes, Subject, TicketCase, Trouble } from '../changes.ts'
import type { Matrix } from '../route/matrix.ts'
import type { Route } from '../route/sections/routes.ts'

/*
 * Enters: a trouble, whom it is about, the route that takes it.
 * Leaves: impact, urgency, priority, and why, as sentences.
 * Promises: the same every time for the same input; a ticket's priority is raised by what joins it and never lowered.
 * Meets: a sender who shouts. Impact comes from what the machine is and what threatens it, never from who submitted it.
 */

export interface Prioritised {
  impact: Impact
  urgency: Urgency
  priority: Priority
  reasons: string[]
}

type Words = Pick<Matrix, 'impact' | 'urgency' | 'grid'>

export function prioritise(
  matrix: Words,
  route: Pick<Route, 'priority' | 'atMost' | 'name'>,
  trouble: Trouble,
  subject: Subject,
): Prioritised {
  const role = countedRole(trouble, subject)
  const impact = impactOf(matrix, trouble, role)
  const urgency = trouble.urgency ?? matrix.urgency[trouble.severity]
  const fixed = route.priority?.[role]
  if (fixed) return { impact, urgency, priority: fixed, reasons: [`The route “${route.name}” says ${fixed} for a ${names[role]}.`] }
  const byGrid = matrix.grid[impact][urgency]
  const reasons = [`Impact ${impact} (${whyImpact(matrix, trouble, role)}) and urgency ${urgency} (${whyUrgency(trouble)}) make ${byGrid}.`]
  if (!route.atMost || comparePriority(byGrid, route.atMost) >= 0) return { impact, urgency, priority: byGrid, reasons }
  return {
    impact,
    urgency,
    priority: route.atMost,
    reasons: [...reasons, `A machine alone does not go over ${route.atMost} here; a technician may.`],
  }
}

/** Puts it on a ticket: all of it on a new one, and on one that is joined only what is worse. */
export function decidePriority(work: TicketCase, found: Prioritised, isJoining: boolean): Changes {
  const from = work.ticket.priority
  if (isJoining && comparePriority(found.priority, from) >= 0) return {}
  const { impact, urgency, priority, reasons } = found
  const body = isJoining ? { priority, impact, urgency, reasons, from } : { priority, impact, urgency, reasons }
  return { ticket: { impact, urgency, priority }, entries: [{ kind: 'prioritised', actor: 'system', body }] }
}

type Counted = Exclude<Role, 'unknown'>
const names: Record<Counted, string> = { workstation: 'workstation', server: 'server', core: 'core machine' }

/** A person's request that names no machine counts as from a workstation; a machine nobody knows counts as a server. */
function countedRole(trouble: Trouble, subject: Subject): Counted {
  if (!subject.endpoint && trouble.kind.startsWith('request.')) return 'workstation'
  return subject.role === 'unknown' ? 'server' : subject.role
}

function impactOf(matrix: Words, trouble: Trouble, role: Counted): Impact {
  const byRole = matrix.impact.byRole[role]
  const threatens = isSecurity(trouble.kind) ? matrix.impact.ofSecurityAtLeast[trouble.severity] : undefined
  return threatens === undefined ? byRole : higher(byRole, threatens)
}

/** `Impact.options` runs from high to low. */
const higher = (one: Impact, other: Impact): Impact => (Impact.options.indexOf(one) <= Impact.options.indexOf(other) ? one : other)

const whyImpact = (matrix: Words, trouble: Trouble, role: Counted): string =>
  impactOf(matrix, trouble, role) === matrix.impact.byRole[role]
    ? `it hits a ${names[role]}`
    : `a ${trouble.severity} security signal threatens more than one ${names[role]}`

const whyUrgency = (trouble: Trouble): string => (trouble.urgency === null ? `severity ${trouble.severity}` : 'as the person said')
