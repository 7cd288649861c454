import type { Matrix } from '../route/matrix.ts'
import type { TicketsTable } from '../store/tables/ticket.ts'

/** Incidents name their problem, which is written each minute over what is stored: the same over memory, once, at the end. */
export function linked(
  tickets: readonly TicketsTable[],
  kindOf: (problem: TicketsTable) => string,
  { gathering }: Pick<Matrix, 'gathering'>,
) {
  const { recurring } = gathering
  const problems = tickets.filter(({ kind }) => kind === 'problem.recurring').toSorted((a, b) => order(a) - order(b) || a.number - b.number)
  const names = new Map<string, string>()
  for (const problem of problems) {
    const within = isOfKind(problem) ? recurring.kindWithin : recurring.within
    const kind = kindOf(problem)
    for (const ticket of tickets) {
      const isTheirs = ticket.organisation_id === problem.organisation_id && ticket.kind === kind && ticket.endpoint_id !== null
      const isThen = ticket.came_at > problem.came_at - within && ticket.came_at <= (problem.resolved_at ?? Number.POSITIVE_INFINITY)
      const isIts =
        isOfKind(problem) || (ticket.endpoint_id === problem.endpoint_id && problem.fingerprint === `${trouble}${ticket.fingerprint}`)
      if (isTheirs && isThen && isIts && ticket.gathered_by === null) names.set(ticket.id, problem.id)
    }
  }
  return names
}

const trouble = 'problem:trouble:'
const isOfKind = ({ fingerprint }: TicketsTable): boolean => fingerprint.startsWith('problem:kind:')
/** Each look names those of a kind last. */
const order = (problem: TicketsTable): number => Number(isOfKind(problem))
