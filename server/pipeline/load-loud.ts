import { type Kysely, sql } from 'kysely'
import { minutes } from '#shared/domain/time.ts'
import { comingOn, type Heard, listenTo, type OpenOn } from '../correlate/loudness.ts'
import type { Opener } from '../correlate/near.ts'
import { noisyKind } from '../correlate/noisy.ts'
import type { Matrix } from '../route/matrix.ts'
import type { Database } from '../store/schema.ts'
import type { TicketsTable } from '../store/tables/ticket.ts'
import { among, type Listed } from './load.ts'

/*
 * How loud the machines are that may open a ticket: what is open on them, by an index that holds all it takes, and what they
 * said within the last minute, of those with several tickets alone.
 */

export interface LoudNow {
  heard: Heard[]
  /** Open on machines that are loud, or may be after this round. */
  tickets: TicketsTable[]
}

/** More on one machine than this bound lets come; what was there before it stays where it is. */
const maxOpen = 1_000
/** And on all of a round's together: a statement's parameters are bounded. */
const maxOpenOfAll = 10_000

export async function readLoud(
  db: Kysely<Database>,
  listed: Listed,
  openers: readonly Opener[],
  matrix: Matrix,
  now: number,
): Promise<LoudNow> {
  const coming = comingOn(openers)
  if (coming.size === 0) return { heard: [], tickets: [] }
  const listening = listenTo(coming, await readOpen(db, listed, [...coming.keys()]), matrix)
  const signals = await countSignals(db, listed, listening.several, matrix.gathering.endpoint.signalsPerMinute, now)
  const { heard, loud } = listening.with(signals)
  return { heard, tickets: await readTickets(db, listed, keysOf(loud)) }
}

/** Word for word as in the index tickets_loud. */
async function readOpen(db: Kysely<Database>, listed: Listed, endpointIds: readonly string[]): Promise<OpenOn[]> {
  const isSecurity = sql<boolean>`substr(kind, 1, 9) = 'security.'`
  const rows = await db
    .selectFrom('tickets')
    .select('endpoint_id')
    .select(({ fn }) => [
      fn.countAll().as('all'),
      fn.countAll().filterWhere(isSecurity).as('security'),
      fn.countAll().filterWhere('kind', '=', noisyKind).as('noisy'),
    ])
    .where(among(listed, ['tickets.endpoint_id'], keysOf(endpointIds)))
    .where('resolved_at', 'is', null)
    .where('endpoint_id', 'is not', null)
    .groupBy('endpoint_id')
    .execute()
  return rows.map(({ endpoint_id, all, security, noisy }) => ({
    ...{ endpointId: endpoint_id ?? '', security: Number(security), isNoisy: Number(noisy) > 0 },
    others: Number(all) - Number(security) - Number(noisy),
  }))
}

/** What was said within the last minute: a machine that was away and tells of it all at once says nothing more often. */
async function countSignals(
  db: Kysely<Database>,
  listed: Listed,
  endpointIds: readonly string[],
  enough: number,
  now: number,
): Promise<Map<string, number>> {
  if (endpointIds.length === 0) return new Map()
  const list = listed(
    { endpoint: 'text' },
    endpointIds.map((endpoint) => ({ endpoint })),
  )
  const since = now - minutes(1)
  const { rows } = await sql<{ endpoint: string; signals: number }>`
    select list.endpoint, (
      select count(*) from (
        select 1 from signals
        where signals.endpoint_id = list.endpoint and signals.received_at > ${since} and signals.age_ms < ${minutes(1)} limit ${enough}
      ) as latest
    ) as signals from ${list} as list`.execute(db)
  return new Map(rows.map(({ endpoint, signals }) => [endpoint, Number(signals)]))
}

const readTickets = (db: Kysely<Database>, listed: Listed, keys: readonly string[][]): Promise<TicketsTable[]> =>
  keys.length === 0
    ? Promise.resolve([])
    : db
        .selectFrom('tickets')
        .selectAll()
        .where(among(listed, ['tickets.endpoint_id'], keys))
        .where('resolved_at', 'is', null)
        .where('endpoint_id', 'is not', null)
        .orderBy('number', 'desc')
        .limit(Math.min(maxOpen * keys.length, maxOpenOfAll))
        .execute()
        .then((newestFirst) => newestFirst.reverse())

const keysOf = (ids: readonly string[]): string[][] => ids.map((id) => [id])
