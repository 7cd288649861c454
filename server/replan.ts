import type { Time } from '#shared/domain/time.ts'
import { apply, type TicketCase } from './changes.ts'
import { replan } from './escalate/replan.ts'
import { type Kept, keepCases, type Rules } from './keep.ts'
import { loadCases } from './load.ts'
import type { Store } from './store/store.ts'
import type { Turns } from './turns.ts'

/*
 * The explicit act by which open tickets take over the plan of the matrix in force: promises and time-boxes, and neither
 * their team nor their priority. Without it a new matrix touches only what opens after it.
 */

/** One turn takes so many, so that signals wait a moment at most. */
const pageSize = 200

interface Needs {
  store: Store
  rules: Rules
  time: Time
  turns: Turns
  afterCommit(kept: Kept): void
}

/** @returns how many tickets got another plan. */
export function createReplan({ store, rules, time, turns, afterCommit }: Needs): () => Promise<number> {
  const page = (after: number, version: number) =>
    turns(async (tx) => {
      const tickets = await tx
        .selectFrom('tickets')
        .selectAll()
        .where('status', '!=', 'resolved')
        .where('plan_version', '!=', version)
        .where('number', '>', after)
        .orderBy('number')
        .limit(pageSize)
        .execute()
      const now = time.now()
      const cases = (await loadCases(tx, tickets)).map((work) => planned(work, rules, now))
      const kept = await keepCases(tx, store.capabilities, rules, cases, now)
      return { kept, last: tickets.at(-1)?.number }
    })
  return async () => {
    const { version } = rules.matrix
    let count = 0
    for (let after: number | undefined = 0; after !== undefined; ) {
      const { kept, last } = await page(after, version)
      afterCommit(kept)
      count += kept.tickets.length
      after = last
    }
    return count
  }
}

function planned(work: TicketCase, rules: Rules, now: number): TicketCase {
  const before = { matrix: rules.planOf(work), owed: rules.owedOf(work) }
  const taken = { ...work, ticket: { ...work.ticket, plan_version: rules.matrix.version } }
  return apply(work, replan(work, before, { matrix: rules.matrix, owed: rules.owedOf(taken) }, now), now)
}
