import type { Kysely } from 'kysely'
import type { PutRows } from '../pipeline/changes.ts'
import type { Database } from '../store/schema.ts'
import type { Tx } from '../store/store.ts'

/*
 * Since when this fleet knows what finds troubles: releases of agents, which bring detectors, and rules. Enters: who said hello, and
 * kinds of signals. Leaves: which of them are younger than asked. Promises: what came with the collector's own release is as old as
 * the fleet; the first time is kept for good. On failure: what isn't known is young. Threat: a new rule, or a new release, that is
 * mistaken everywhere at once; an agent that invents releases or rules is only young itself, and uses up nobody's room but its own.
 */

export const releaseOf = (version: string): string => `release ${version}`.slice(0, 200)

/** What one machine may bring first; an honest one runs dozens of releases in its life, and dozens of rules fit it. */
const mostOfEndpoint = 300
/** A name that isn't in mind is looked up. */
const mostInMind = 10_000

export interface FirstSeen {
  name: string
  /** Who brought it; '': nobody who is a machine of ours. */
  endpointId: string
}

/** @returns those that the fleet has known since before `since`. */
export async function knownBefore(from: Kysely<Database>, names: readonly string[], since: number): Promise<Set<string>> {
  if (names.length === 0) return new Set()
  const rows = await from
    .selectFrom('detector_ages')
    .select('name')
    .where('name', 'in', names)
    .where('first_seen_at', '<=', since)
    .execute()
  return new Set(rows.map(({ name }) => name))
}

export async function keepFirstSeen(tx: Tx, putRows: PutRows, seen: readonly FirstSeen[], now: number): Promise<void> {
  if (seen.length === 0) return
  const byEndpoint = Map.groupBy(seen, ({ endpointId }) => endpointId)
  const counts = await tx
    .selectFrom('detector_ages')
    .select(({ fn }) => ['endpoint_id', fn.countAll<number>().as('count')])
    .where('endpoint_id', 'in', [...byEndpoint.keys()])
    .groupBy('endpoint_id')
    .execute()
  const rows = [...byEndpoint].flatMap(([endpoint_id, theirs]) => {
    const room = mostOfEndpoint - Number(counts.find((each) => each.endpoint_id === endpoint_id)?.count ?? 0)
    const names = [...new Set(theirs.map(({ name }) => name))].slice(0, Math.max(0, room))
    return names.map((name) => ({ name, first_seen_at: now, endpoint_id }))
  })
  await putRows(tx, 'detector_ages', rows, 'ignore')
}

/** Of agents that come: each release is written once, whoever brings it. A new fleet begins with what its collector was released with. */
export function noteReleases(
  putRows: PutRows,
  ownVersion: string,
): (tx: Tx, rows: readonly { endpoint_id: string; agent_version: string }[], now: number) => Promise<void> {
  /** As the table had them: what a transaction that failed had written is not among them. */
  const known = new Set<string>()
  return async (tx, rows, now) => {
    const brought = rows.map(({ endpoint_id, agent_version }) => ({ name: releaseOf(agent_version), endpointId: endpoint_id }))
    const named = brought.filter(({ name }) => !known.has(name))
    if (named.length === 0) return
    const isNew = !(await tx.selectFrom('detector_ages').select('name').limit(1).executeTakeFirst())
    if (isNew) await keepFirstSeen(tx, putRows, [{ name: releaseOf(ownVersion), endpointId: '' }], 0)
    const names = [...new Set(named.map(({ name }) => name))]
    const found = await knownBefore(tx, names, now)
    if (known.size < mostInMind) for (const name of found) known.add(name)
    const fresh = named.filter(({ name }) => !found.has(name))
    await keepFirstSeen(tx, putRows, fresh, now)
  }
}
