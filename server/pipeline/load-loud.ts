import { type Kysely, sql } from 'kysely'
import { minutes } from '#shared/domain/time.ts'
import { comingBy, type Heard, listenTo, type OpenOn } from '../correlate/loudness.ts'
import type { Opener } from '../correlate/near.ts'
import { limitsOf, noisyKinds, type Voice, voices } from '../correlate/noisy.ts'
import type { Matrix } from '../route/matrix.ts'
import type { Database } from '../store/schema.ts'
import type { TicketsTable } from '../store/tables/ticket.ts'
import { among, type Listed } from './load.ts'

/*
 * How loud the machines and sources are that may open a ticket: what is open of them, by an index that holds all it takes, and
 * what they said within the last minute, of those with several tickets alone.
 */

export interface LoudNow {
  heard: Heard[]
  /** Open of those that are loud, or may be after this round. */
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
  const read = await Promise.all(voices.map((by) => readBy(db, listed, by, openers, matrix, now)))
  return { heard: read.flatMap(({ heard }) => heard), tickets: read.flatMap(({ tickets }) => tickets) }
}

async function readBy(
  db: Kysely<Database>,
  listed: Listed,
  by: Voice['by'],
  openers: readonly Opener[],
  matrix: Matrix,
  now: number,
): Promise<LoudNow> {
  const coming = comingBy(openers, by)
  if (coming.size === 0) return { heard: [], tickets: [] }
  const limits = limitsOf(matrix, by)
  const listening = listenTo(coming, await readOpen(db, listed, by, [...coming.keys()]), limits)
  const signals = await countSignals(db, listed, by, listening.several, limits.signalsPerMinute, now)
  const { heard, loud } = listening.with(signals)
  return { heard, tickets: await readTickets(db, listed, by, keysOf(loud)) }
}

/** Word for word as in the indexes tickets_loud and tickets_loud_of_source. */
async function readOpen(db: Kysely<Database>, listed: Listed, by: Voice['by'], ids: readonly string[]): Promise<OpenOn[]> {
  const isSecurity = sql<boolean>`substr(kind, 1, 9) = 'security.'`
  const rows = await db
    .selectFrom('tickets')
    .select(({ fn, ref }) => [
      ref(by).as('voice'),
      fn.countAll().as('all'),
      fn.countAll().filterWhere(isSecurity).as('security'),
      fn.countAll().filterWhere('kind', '=', noisyKinds[by]).as('noisy'),
    ])
    .where(among(listed, [`tickets.${by}`], keysOf(ids)))
    .where('resolved_at', 'is', null)
    .where(by, 'is not', null)
    .groupBy(by)
    .execute()
  return rows.map(({ voice, all, security, noisy }) => ({
    ...{ voiceId: voice ?? '', security: Number(security), isNoisy: Number(noisy) > 0 },
    others: Number(all) - Number(security) - Number(noisy),
  }))
}

/** What was said within the last minute: a machine that was away and tells of it all at once says nothing more often. */
async function countSignals(
  db: Kysely<Database>,
  listed: Listed,
  by: Voice['by'],
  ids: readonly string[],
  enough: number,
  now: number,
): Promise<Map<string, number>> {
  if (ids.length === 0) return new Map()
  const list = listed(
    { voice: 'text' },
    ids.map((voice) => ({ voice })),
  )
  const since = now - minutes(1)
  const { rows } = await sql<{ voice: string; signals: number }>`
    select list.voice, (
      select count(*) from (
        select 1 from signals
        where ${sql.ref(`signals.${by}`)} = list.voice and signals.received_at > ${since} and signals.age_ms < ${minutes(1)} limit ${enough}
      ) as latest
    ) as signals from ${list} as list`.execute(db)
  return new Map(rows.map(({ voice, signals }) => [voice, Number(signals)]))
}

const readTickets = (db: Kysely<Database>, listed: Listed, by: Voice['by'], keys: readonly string[][]): Promise<TicketsTable[]> =>
  keys.length === 0
    ? Promise.resolve([])
    : db
        .selectFrom('tickets')
        .selectAll()
        .where(among(listed, [`tickets.${by}`], keys))
        .where('resolved_at', 'is', null)
        .where(by, 'is not', null)
        .orderBy('number', 'desc')
        .limit(Math.min(maxOpen * keys.length, maxOpenOfAll))
        .execute()
        .then((newestFirst) => newestFirst.reverse())

const keysOf = (ids: readonly string[]): string[][] => ids.map((id) => [id])
