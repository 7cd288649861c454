import { days } from '#shared/domain/time.ts'
import type { WriteRows } from '../pipeline/changes.ts'
import type { Tx } from '../store/store.ts'
import type { SuppressedSignalsTable } from '../store/tables/suppress.ts'
import type { Suppressed } from './suppress.ts'

/** A signal that waits or is spared. */
export interface Held {
  signal: { id: string; organisation_id: string; endpoint_id: string | null; kind: string; state: SuppressedSignalsTable['state'] }
  trouble: string
  suppressed: Suppressed
  /** It was over within the round that held it. */
  isCleared: boolean
}

/** What a round suppressed. */
export interface Suppressing {
  held: readonly Held[]
  /** Signals that waited and are not true any more. */
  cleared: readonly string[]
}

/** Writes it, with the signals' own marks in the same transaction. */
export async function keepSuppressed(tx: Tx, write: WriteRows, { held, cleared }: Suppressing, now: number): Promise<void> {
  const ended = cleared.map((signal_id) => ({ signal_id, ended_at: now, ended_as: 'cleared' as const }))
  await write.updateRows(tx, 'suppressed_signals', ended, { set: ['ended_at', 'ended_as'], by: 'signal_id' })
  const rows = held.map((each) => rowOf(each, now))
  await write.putRows(tx, 'suppressed_signals', rows, { replaceWhere: ['signal_id'] })
}

function rowOf({ signal, trouble, suppressed: { by, id, until }, isCleared }: Held, now: number): SuppressedSignalsTable {
  // What happened and is over is spared for good; what is true may still be so when nobody calls it noise any more.
  const isSpared = by === 'exception' && signal.state !== 'raised'
  const endedAs = isSpared ? ('spared' as const) : isCleared ? ('cleared' as const) : null
  const { id: signal_id, organisation_id, endpoint_id, kind, state } = signal
  return {
    ...{ signal_id, organisation_id, endpoint_id, trouble, kind, state, suppressed_by: by, by_id: id, since: now, until_at: until },
    ...{ ended_at: endedAs === null ? null : now, ended_as: endedAs },
  }
}

/** When to look at them again: each instant once. */
export const untilsOf = (held: readonly Held[]): number[] => [
  ...new Set(held.flatMap(({ suppressed: { until }, isCleared }) => (until === null || isCleared ? [] : until))),
]

/** Something should have been decided anew before then. */
export async function isOverdue(tx: Tx, before: number): Promise<boolean> {
  const due = tx.selectFrom('suppressed_signals').select('signal_id').where('ended_at', 'is', null).where('until_at', '<', before)
  return (await due.limit(1).executeTakeFirst()) !== undefined
}

/** As long as what they are about is kept. */
const keptForMs = days(400)
const maxEnded = 500

/** Forgets what ended long ago, a bite at a time. */
export async function forgetOld(tx: Tx, now: number): Promise<void> {
  const old = tx
    .selectFrom('suppressed_signals')
    .select('signal_id')
    .where('ended_at', '<', now - keptForMs)
  const rows = await old.orderBy('ended_at').limit(maxEnded).execute()
  const ids = rows.map(({ signal_id }) => signal_id)
  if (ids.length > 0) await tx.deleteFrom('suppressed_signals').where('signal_id', 'in', ids).execute()
}

/** So many are decided anew at a time. */
const maxReleased = 1_000

/** What waited long enough. What happened and is over is a record; `anew`: signals of what is still true. */
export async function releaseDue(tx: Tx, now: number): Promise<{ anew: string[]; isMore: boolean }> {
  const due = await tx
    .selectFrom('suppressed_signals')
    .select(['signal_id', 'state'])
    .where('ended_at', 'is', null)
    .where('until_at', '<=', now)
    .orderBy('until_at')
    .orderBy('signal_id')
    .limit(maxReleased)
    .execute()
  return { anew: await release(tx, due, now), isMore: due.length === maxReleased }
}

/**
 * What waited for the machines of a window to come back. Of machines that are missing another signal says it.
 * @returns signals of what is still true.
 */
export async function releaseOf(tx: Tx, windowId: string, missing: readonly string[], now: number): Promise<string[]> {
  const waiting = await tx
    .selectFrom('suppressed_signals')
    .select(['signal_id', 'state', 'endpoint_id', 'kind'])
    .where('ended_at', 'is', null)
    .where('until_at', 'is', null)
    .where('by_id', '=', windowId)
    .execute()
  const isSaid = (row: (typeof waiting)[number]): boolean =>
    row.kind === 'presence.silent' && row.endpoint_id !== null && missing.includes(row.endpoint_id)
  await end(tx, waiting.filter(isSaid), 'missing', now)
  return release(
    tx,
    waiting.filter((row) => !isSaid(row)),
    now,
  )
}

/** What this window or machine held is due then and no later, but for what waits for machines to come back. */
export async function hastenOf(tx: Tx, byId: string, until: number): Promise<void> {
  await tx
    .updateTable('suppressed_signals')
    .set({ until_at: until })
    .where('by_id', '=', byId)
    .where('ended_at', 'is', null)
    .where('until_at', '>', until)
    .execute()
}

type Waiting = Pick<SuppressedSignalsTable, 'signal_id' | 'state'>

async function release(tx: Tx, waiting: readonly Waiting[], now: number): Promise<string[]> {
  const isRaised = ({ state }: Waiting): boolean => state === 'raised'
  const raised = waiting.filter(isRaised)
  const over = await clearedMeanwhile(tx, raised)
  const anew = raised.filter(({ signal_id }) => !over.has(signal_id))
  const isOver = ({ signal_id }: Waiting): boolean => over.has(signal_id)
  await end(tx, anew, 'decided', now)
  await end(tx, raised.filter(isOver), 'cleared', now)
  await end(
    tx,
    waiting.filter((row) => !isRaised(row)),
    'happened',
    now,
  )
  return anew.map(({ signal_id }) => signal_id)
}

/**
 * Whose machine or source has said that it is over, in a signal that nobody has handled yet: whoever is far behind would open what
 * ends at once. What is not handled yet is read once, however much a loud machine has said, and compared here.
 */
async function clearedMeanwhile(tx: Tx, raised: readonly Waiting[]): Promise<Set<string>> {
  if (raised.length === 0) return new Set()
  const ids = raised.map(({ signal_id }) => signal_id)
  const held = await tx
    .selectFrom('signals')
    .select([...aboutTroubles, 'id'])
    .where('id', 'in', ids)
    .execute()
  const since = held.reduce((first, { arrival = 0 }) => Math.min(first, arrival), Number.MAX_SAFE_INTEGER)
  const ends = await tx
    .selectFrom('signals')
    .select([...aboutTroubles])
    .where('handled_at', 'is', null)
    .where('arrival', '>', since)
    .where('state', '=', 'cleared')
    .execute()
  const endsOf = Map.groupBy(ends, troubleIn)
  const isLater = (one: (typeof ends)[number], other: (typeof ends)[number]): boolean =>
    (one.arrival ?? 0) > (other.arrival ?? 0) && one.received_at >= other.received_at
  const isOver = (row: (typeof held)[number]): boolean => endsOf.get(troubleIn(row))?.some((end) => isLater(end, row)) === true
  return new Set(held.filter(isOver).map(({ id }) => id))
}

const aboutTroubles = ['endpoint_id', 'source_id', 'fingerprint', 'arrival', 'received_at'] as const

/** Of a machine, else of a source: what has neither is nobody's, and no other signal says that it is over. */
const troubleIn = (row: { endpoint_id: string | null; source_id: string | null; fingerprint: string }): string =>
  `${row.endpoint_id ?? row.source_id ?? ''} ${row.fingerprint}`

/**
 * What joined the one ticket of a loud machine, which has ended. `isWithAll`: it was ended for all of them.
 * @returns signals of what is still true.
 */
export async function releaseJoined(
  tx: Tx,
  ticketId: string,
  isWithAll: boolean,
  now: number,
): Promise<{ anew: string[]; isMore: boolean }> {
  const joined = await tx
    .selectFrom('suppressed_signals')
    .select(['signal_id', 'state'])
    .where('by_id', '=', ticketId)
    .where('suppressed_by', '=', 'loud')
    .where('ended_at', 'is', null)
    .limit(maxReleased)
    .execute()
  const isMore = joined.length === maxReleased
  if (!isWithAll) return { anew: await release(tx, joined, now), isMore }
  await end(tx, joined, 'spared', now)
  return { anew: [], isMore }
}

async function end(tx: Tx, rows: readonly Waiting[], as: NonNullable<SuppressedSignalsTable['ended_as']>, now: number): Promise<void> {
  if (rows.length === 0) return
  await tx
    .updateTable('suppressed_signals')
    .set({ ended_at: now, ended_as: as })
    .where(
      'signal_id',
      'in',
      rows.map(({ signal_id }) => signal_id),
    )
    .execute()
}
