import type { Kysely } from 'kysely'
import type { PutRows } from '../pipeline/changes.ts'
import type { Database } from '../store/schema.ts'
import type { Tx } from '../store/store.ts'

/*
 * Since when this fleet knows what finds troubles: releases of agents, which bring detectors, and rules. Enters: who said hello, and
 * kinds of signals. Leaves: which of them are younger than asked. Promises: what came with the collector's own release is as old as
 * the fleet; the first time is kept for good. On failure: what isn't known is young. Threat: a new rule, or a new release, that is
 * mistaken everywhere at once; an agent that invents releases or rules is only young itself.
 */

export const releaseOf = (version: string): string => `release ${version}`.slice(0, 200)

/** Beyond these nothing is remembered any more, so that nobody fills the disk with names. */
const mostNames = 10_000

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

export async function keepFirstSeen(tx: Tx, putRows: PutRows, names: readonly string[], now: number): Promise<void> {
  if (names.length === 0) return
  const { count } = await tx
    .selectFrom('detector_ages')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  if (Number(count) >= mostNames) return
  const rows = [...new Set(names)].map((name) => ({ name, first_seen_at: now }))
  await putRows(tx, 'detector_ages', rows, 'ignore')
}

/** Of agents that come: each release is written once, whoever brings it. A new fleet begins with what its collector was released with. */
export function noteReleases(
  putRows: PutRows,
  ownVersion: string,
): (tx: Tx, rows: readonly { agent_version: string }[], now: number) => Promise<void> {
  /** As the table had them: what a transaction that failed had written is not among them. */
  const known = new Set<string>()
  return async (tx, rows, now) => {
    const named = [...new Set(rows.map(({ agent_version }) => releaseOf(agent_version)))].filter((name) => !known.has(name))
    if (named.length === 0) return
    const isNew = !(await tx.selectFrom('detector_ages').select('name').limit(1).executeTakeFirst())
    if (isNew) await keepFirstSeen(tx, putRows, [releaseOf(ownVersion)], 0)
    const found = await knownBefore(tx, named, now)
    if (known.size < mostNames) for (const name of found) known.add(name)
    const fresh = named.filter((name) => !found.has(name))
    await keepFirstSeen(tx, putRows, fresh, now)
  }
}
