import { comparePriority, type Impact, type Priority, type Urgency } from '#shared/domain/priority.ts'
import { fitsKind } from '#shared/domain/signal.ts'
import type { Changes, Subject, TicketCase, Trouble } from '../pipeline/changes.ts'
import type { Matrix } from '../route/matrix.ts'
import type { Route } from '../route/sections/routes.ts'
import { countedRole, type Found, impactOfMany, impactOfOne, isMore, roleNames } from './impact.ts'

/*
 * Enters: a trouble, whom it is about, the route that takes it, and how many have it, when.
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

/** What neither the signal nor its machine says. */
export interface Circumstances {
  /** How many have it, this one among them. */
  machines: number
  /** How many machines its site has; null: it stands on none, or nobody counted. */
  siteMachines: number | null
  /** Whether people work now, by this calendar. */
  isOpen(calendar: string): boolean
  /** 1–31, as the clock on the wall there says. */
  dayOfMonth(): number
}

type Words = Pick<Matrix, 'impact' | 'urgency' | 'grid'>
type Ruling = Pick<Route, 'priority' | 'atMost' | 'name'>

export function prioritise(matrix: Words, rule: Ruling, trouble: Trouble, subject: Subject, circumstances: Circumstances): Prioritised {
  const one = impactOfOne(matrix, trouble, subject, circumstances)
  const urgency = trouble.urgency ?? matrix.urgency[trouble.severity]
  const found = ofOne(matrix, rule, trouble, subject, one, urgency)
  const many = impactOfMany(matrix, circumstances)
  return many && isMore(many.impact, one.impact) ? raisedByMany(matrix, rule, trouble, found, many) : found
}

function ofOne(matrix: Words, rule: Ruling, trouble: Trouble, subject: Subject, one: Found, urgency: Urgency): Prioritised {
  const { impact } = one
  const role = countedRole(trouble, subject)
  const fixed = rule.priority?.[role]
  if (fixed) return { impact, urgency, priority: fixed, reasons: [`The route “${rule.name}” says ${fixed} for a ${roleNames[role]}.`] }
  const byGrid = matrix.grid[impact][urgency]
  const reasons = [`Impact ${impact} (${one.why}) and urgency ${urgency} (${whyUrgency(trouble)}) make ${byGrid}.`]
  if (!rule.atMost || comparePriority(byGrid, rule.atMost) >= 0) return { impact, urgency, priority: byGrid, reasons }
  const limit = `A machine alone does not go over ${rule.atMost} here; a technician may.`
  return { impact, urgency, priority: rule.atMost, reasons: [...reasons, limit] }
}

/** The same trouble on many machines is worse than on each of them, as far as their number alone may say so. */
function raisedByMany(matrix: Words, rule: Ruling, trouble: Trouble, found: Prioritised, many: Found): Prioritised {
  const { impact, why } = many
  const { priority: limit, except } = matrix.impact.byMachinesAtMost
  const isLimited = !except.some((pattern) => fitsKind(pattern, trouble.kind))
  const limits = [...(isLimited ? [limit] : []), ...(rule.atMost ? [rule.atMost] : [])]
  const priority = [matrix.grid[impact][found.urgency], ...limits].reduce((a, b) => (comparePriority(a, b) >= 0 ? a : b))
  if (comparePriority(priority, found.priority) >= 0) return { ...found, impact }
  return { ...found, impact, priority, reasons: [...found.reasons, `${capital(why)}: impact ${impact}, so it is a ${priority}.`] }
}

const capital = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`

const whyUrgency = (trouble: Trouble): string => (trouble.urgency === null ? `severity ${trouble.severity}` : 'as the person said')

/** Puts it on a ticket: all of it on a new one, and on one that is joined only what is worse. */
export function decidePriority(work: TicketCase, found: Prioritised, isJoining: boolean): Changes {
  const from = work.ticket.priority
  if (isJoining && comparePriority(found.priority, from) >= 0) return {}
  const { impact, urgency, priority, reasons } = found
  const body = isJoining ? { priority, impact, urgency, reasons, from } : { priority, impact, urgency, reasons }
  return { ticket: { impact, urgency, priority }, entries: [{ kind: 'prioritised', actor: 'system', body }] }
}
