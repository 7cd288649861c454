import { ProcessNamed } from '#shared/domain/process.ts'
import type { Changes, TicketCase, Trouble } from '../pipeline/changes.ts'
import type { Matrix } from '../route/matrix.ts'
import { isStopped } from './contain.ts'
import { ordered } from './order.ts'

/*
 * Halting the process that an agent accuses, at once and by nobody's hand (defaults ⏸). Enters: the accusation as it stands in
 * the signal's facts. Leaves: the order, and the process on its ticket, so that a false alarm lets it go on.
 * Promises: pure; once a process and ticket; never where the organisation observes, the stop button holds, the detector was wrong
 * too often, or it happened long before it was heard of. It isn't bounded by the limits of isolation, because one click undoes it.
 * Meets: another tool, or whoever speaks for one, that names processes: only what an agent says of its own machine counts,
 * and the agent looks into its own journal before it halts anything.
 */

export interface SuspendQuestion {
  /** What the route says. */
  suspends: boolean
  route: string
  isLate: boolean
  isDisarmed: boolean
}

/** So many are halted for one ticket; more are no process, but a machine. */
const maxHalted = 20

export function decideSuspension(work: TicketCase, trouble: Trouble, question: SuspendQuestion, matrix: Matrix, now: number): Changes {
  const accused = accusedIn(trouble)
  const known = haltedFor(work)
  if (!accused || known.length >= maxHalted || known.some((each) => isSame(each, accused))) return {}
  const noted = { ticket: { halted: JSON.stringify([...known, accused]) } }
  // The agent was faster.
  if (trouble.facts.suspended === true) return noted
  const { suspends, route, isLate, isDisarmed } = question
  const { subject } = work
  const mayAct = matrix.modes[subject.organisation.mode].isolatesAlone && !isStopped(subject, now)
  if (!suspends || !subject.endpoint || isLate || isDisarmed || !mayAct) return {}
  return { ...noted, ...ordered('suspend-process', 'system', `The route “${route}” says so.`, { ...accused }) }
}

/** Each goes on, as far as it is still there. */
export function resumeAll(work: TicketCase, reason: string): Changes {
  const each = haltedFor(work).map((named) => ordered('resume-process', 'system', reason, { ...named }))
  if (each.length === 0) return {}
  return { orders: each.flatMap(({ orders }) => orders), entries: each.flatMap(({ entries }) => entries), ticket: { halted: null } }
}

function accusedIn({ source, facts }: Trouble): ProcessNamed | undefined {
  // Most accuse none, and to find that out by a schema costs more than deciding all the rest.
  if (source !== 'agent' || facts.pid === undefined) return undefined
  return ProcessNamed.safeParse({ pid: facts.pid, startTicks: facts.startTicks }).data
}

export const haltedFor = ({ ticket: { halted } }: TicketCase): ProcessNamed[] =>
  halted === null ? [] : (JSON.parse(halted) as ProcessNamed[])

const isSame = (a: ProcessNamed, b: ProcessNamed): boolean => a.pid === b.pid && a.startTicks === b.startTicks
