import { sql } from 'kysely'
import { days, minutes } from '#shared/domain/time.ts'
import { raiseAllWithin } from '../ingest/handled.ts'
import type { OwnTrouble } from '../ingest/rows.ts'
import type { Rules } from '../pipeline/keep.ts'
import type { Turns } from '../pipeline/turns.ts'
import type { Store, Tx } from '../store/store.ts'
import { linkIncidents, type Recurrence, recurringKinds, recurringTroubles } from '../ticket/recurring.ts'

/*
 * Every minute: what came back often enough, or is on many machines of an organisation, is a problem: a ticket of its own that
 * asks why, with its incidents linked. They keep their clocks. It is raised as a trouble of our own, so the matrix routes it.
 * Counted over what is stored, from the tickets that came since the last look; a crash looks a day back, and links twice at most.
 */

interface Needs {
  store: Store
  rules: Rules
  turns: Turns
  onRaised(): void
}

/** After a start. */
const firstLookMs = days(1)
/** A ticket whose transaction was long is still seen. */
const slackMs = minutes(1)

export function createRecurring({ store, rules, turns, onRaised }: Needs): (now: number) => Promise<void> {
  let lookedAt: number | undefined
  /** Raised, and not linked yet: their tickets are still to come. */
  let waiting: Recurrence[] = []
  return async (now) => {
    const { recurring } = rules.matrix.gathering
    const since = lookedAt === undefined ? now - firstLookMs : lookedAt - slackMs
    const [troubles, kinds] = await Promise.all([
      recurringTroubles(store.reader, since, now - recurring.within, recurring.times),
      recurringKinds(store.reader, since, now - recurring.kindWithin, recurring.machines),
    ])
    const found = [...new Map([...waiting, ...troubles, ...kinds].map((each) => [keyOf(each), each])).values()]
    if (found.length === 0) {
      lookedAt = now
      return
    }
    const isWaiting = new Set(waiting.map(keyOf))
    const unlinked = await turns(async (tx) => {
      const left = await linkAll(tx, found)
      const news = left.filter((each) => !isWaiting.has(keyOf(each)))
      await raiseAllWithin(tx, store.capabilities, news.map(troubleOf), now)
      return { left, hasNews: news.length > 0 }
    })
    lookedAt = now
    // For one look: what became a line of a digest never has a ticket.
    waiting = unlinked.left.filter((each) => !isWaiting.has(keyOf(each)))
    if (unlinked.hasNews) onRaised()
  }
}

/** @returns those without a problem ticket that is open, or was when they came. */
async function linkAll(tx: Tx, found: readonly Recurrence[]): Promise<Recurrence[]> {
  const left: Recurrence[] = []
  for (const each of found) {
    const problem = await tx
      .selectFrom('tickets')
      .select('id')
      .where('organisation_id', '=', each.organisationId)
      .where(sql<boolean>`coalesce(endpoint_id, '')`, '=', sql<boolean>`${each.endpointId ?? ''}`)
      .where('fingerprint', '=', fingerprintOf(each))
      .where(({ or, eb }) => or([eb('resolved_at', 'is', null), eb('resolved_at', '>=', each.latest)]))
      .executeTakeFirst()
    if (problem) await linkIncidents(tx, problem.id, each)
    else left.push(each)
  }
  return left
}

const fingerprintOf = ({ fingerprint, kind }: Recurrence): string =>
  fingerprint === null ? `problem:kind:${kind}` : `problem:trouble:${fingerprint}`

const keyOf = (each: Recurrence): string => `${each.organisationId} ${each.endpointId ?? ''} ${fingerprintOf(each)}`

const troubleOf = (each: Recurrence): OwnTrouble => ({
  ...{ organisationId: each.organisationId, endpointId: each.endpointId, kind: 'problem.recurring', severity: 'low' },
  fingerprint: fingerprintOf(each),
  summary: (each.fingerprint === null
    ? `${each.kind} on ${each.count} machines lately: ${each.title}`
    : `It came ${each.count} times lately: ${each.title}`
  ).slice(0, 500),
  facts: { kind: each.kind, count: each.count },
})
