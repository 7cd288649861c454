import type { Kysely } from 'kysely'
import { minutes, type Time } from '#shared/domain/time.ts'
import { planOwn } from '../escalate/keep-timers.ts'
import { replan } from '../escalate/replan.ts'
import { apply, type PutRows, type TicketCase } from '../pipeline/changes.ts'
import { type Kept, keepCases, type Rules } from '../pipeline/keep.ts'
import { loadCases } from '../pipeline/load.ts'
import type { Turns } from '../pipeline/turns.ts'
import type { Database } from '../store/schema.ts'
import type { Store, Tx, Within } from '../store/store.ts'
import type { TimersTable } from '../store/tables/escalate.ts'

/*
 * The explicit act by which open tickets take over the plan of the matrix in force: promises and time-boxes, and neither
 * their team nor their priority. Without it a new matrix touches only what opens after it.
 */

/** One transaction takes so many, so that signals wait a moment at most. */
const pageSize = 200

interface Needs {
  store: Store
  rules: Rules
  time: Time
  turns: Turns
  afterCommit(kept: Kept): void
}

/** @returns how many tickets got another plan. Its line in the audit stands or falls with the first of them: whatever is done was asked for by then. */
export function createReplan({ store, rules, time, turns, afterCommit }: Needs): (within?: Within) => Promise<number> {
  const keepPage = (after: number, within: Within | undefined) =>
    turns(async (tx) => {
      const now = time.now()
      const { cases, last } = await readPage(tx, rules, after)
      const kept = await keepCases(
        tx,
        store.capabilities,
        rules,
        cases.map((work) => planned(work, rules, now)),
        now,
      )
      await within?.(tx)
      return { kept, last }
    })
  return async (within) => {
    let count = 0
    for (let after: number | undefined = 0; after !== undefined; ) {
      const { kept, last } = await keepPage(after, after === 0 ? within : undefined)
      afterCommit(kept)
      count += kept.tickets.length
      after = last
    }
    return count
  }
}

/** Every open ticket that has another plan than the one in force, and how it would stand. Only reads. */
export async function* foreseeReplan(
  from: Kysely<Database>,
  rules: Rules,
  now: number,
): AsyncGenerator<{ before: TicketCase; after: TicketCase }> {
  for (let after: number | undefined = 0; after !== undefined; ) {
    const { cases, last } = await readPage(from, rules, after)
    for (const before of cases) yield { before, after: planned(before, rules, now) }
    after = last
  }
}

/** A collector looks at least so often for timers that another process planned. */
const foundWithinMs = minutes(1)

/** Asks the collector for it from another process: by a timer of its own, which it finds in time, or when it starts. */
export const askForReplan = ({ db, capabilities }: Store, now: number): Promise<void> =>
  db.transaction().execute((tx) => planPage(tx, capabilities.putRows, 0, now + foundWithinMs))

/** The next page of what was asked for, in the transaction of its timer; the page after it is another timer's. */
export async function replanDue(tx: Tx, timers: readonly TimersTable[], rules: Rules, now: number): Promise<Replanned> {
  const timer = timers.find(({ kind }) => kind === 'replan')
  if (!timer) return { cases: [], keepOn: async () => false }
  const { cases, last } = await readPage(tx, rules, (JSON.parse(timer.payload) as { after: number }).after)
  return {
    cases,
    async keepOn(putRows) {
      if (last !== undefined) await planPage(tx, putRows, last, now)
      return last !== undefined
    },
  }
}

export interface Replanned {
  cases: readonly TicketCase[]
  /** Plans what is left. @returns whether something is. */
  keepOn(putRows: PutRows): Promise<boolean>
}

const planPage = (tx: Tx, putRows: PutRows, after: number, dueAt: number): Promise<void> =>
  planOwn(tx, putRows, { id: `replan-${dueAt}-${after}`, kind: 'replan', dueAt, payload: JSON.stringify({ after }) }, dueAt)

async function readPage(
  from: Kysely<Database>,
  { matrix }: Rules,
  after: number,
): Promise<{ cases: TicketCase[]; last: number | undefined }> {
  const tickets = await from
    .selectFrom('tickets')
    .selectAll()
    .where('status', '!=', 'resolved')
    .where('plan_version', '!=', matrix.version)
    .where('number', '>', after)
    .orderBy('number')
    .limit(pageSize)
    .execute()
  return { cases: await loadCases(from, tickets), last: tickets.length < pageSize ? undefined : tickets.at(-1)?.number }
}

export function planned(work: TicketCase, rules: Rules, now: number): TicketCase {
  const before = { matrix: rules.planOf(work), owed: rules.owedOf(work) }
  const taken = { ...work, ticket: { ...work.ticket, plan_version: rules.matrix.version } }
  return apply(work, replan(work, before, { matrix: rules.matrix, owed: rules.owedOf(taken) }, now), now)
}
