import type { Kysely } from 'kysely'
import type { Logger } from 'pino'
import { sentenceOf } from '#shared/domain/fault.ts'
import { keptDays } from '#shared/domain/retention.ts'
import { days, hours, type Time } from '#shared/domain/time.ts'
import type { Database } from '../store/schema.ts'
import type { Store } from '../store/store.ts'

/*
 * Ends what ingest keeps for good: gaps and refused records after as many days as their organisation says; cursors of epochs
 * that are over, once nothing came of them for 400 days, and of one endpoint all but the newest hundred epochs; conditions of
 * machines that were removed, and of one machine all but the newest thousand. An endpoint's newest epoch stays, however long
 * it is away.
 * Meets: an agent that begins epochs or raises conditions without end (invariant 10).
 */

const keptForMs = days(400)
/** A spool begins anew when its disk was restored or cloned. */
const maxEpochs = 100
/** An honest agent lists at most half as many. */
const maxConditions = 1_000
const everyMs = hours(6)
/** Endpoints that are looked at together, and rows that end together: a few milliseconds each. */
const pageEndpoints = 200
const biteRows = 500
/** What there is more of ends the next time. */
const maxRead = 5_000

interface Needs {
  store: Store
  time: Time
  log: Logger
}

/** @returns its stop, which waits for the bite that is under way. */
export function startRetention({ store, time, log }: Needs): () => Promise<void> {
  const stopping = new AbortController()
  let running = Promise.resolve()
  const run = async (): Promise<void> => {
    try {
      const ended = await endOld(store, time.now(), stopping.signal)
      if (ended > 0) log.info({ rows: ended }, 'what ingest keeps no longer has ended')
    } catch (error) {
      log.error({ reason: sentenceOf(error) }, 'what ingest keeps no longer could not end; it is tried again')
    }
  }
  const plan = () =>
    time.after(everyMs, () => {
      running = run().finally(() => {
        if (!stopping.signal.aborted) cancel = plan()
      })
    })
  let cancel = plan()
  return async () => {
    stopping.abort()
    cancel()
    await running
  }
}

/** @returns how many rows ended. */
export async function endOld(store: Store, now: number, stop: AbortSignal): Promise<number> {
  const before = now - keptForMs
  await store.db.updateTable('cursors').set({ moved_at: now }).where('moved_at', 'is', null).execute()
  let ended = 0
  for await (const page of pages(store.reader, stop)) {
    const ids = page.map(({ id }) => id)
    const removed = page.flatMap(({ id, removed_at }) => (removed_at === null ? [] : id))
    ended += await endEpochs(store, ids, before)
    ended += await endConditions(store, ids, maxConditions)
    if (removed.length > 0) ended += await endConditions(store, removed, 0)
    for (const [daysKept, theirs] of Map.groupBy(page, (each) => each.daysKept)) {
      const those = theirs.map(({ id }) => id)
      ended += await endGaps(store, those, now - days(daysKept))
      ended += await endRefused(store, those, now - days(daysKept))
    }
  }
  return ended
}

async function* pages(db: Kysely<Database>, stop: AbortSignal) {
  for (let last = ''; !stop.aborted; ) {
    const page = await db
      .selectFrom('endpoints')
      .leftJoin('organisations', 'organisations.id', 'endpoints.organisation_id')
      .select(['endpoints.id', 'removed_at'])
      .select(({ fn, val }) => fn.coalesce('kept_days', val(keptDays.usual)).as('daysKept'))
      .where('endpoints.id', '>', last)
      .orderBy('endpoints.id')
      .limit(pageEndpoints)
      .execute()
    if (page.length === 0) return
    yield page
    last = page.at(-1)?.id ?? last
  }
}

/** The first of each endpoint, newest first, is the one that it writes. */
async function endEpochs({ db, reader }: Store, ids: string[], before: number): Promise<number> {
  const epochs = await reader
    .selectFrom('cursors')
    .select(({ fn }) => ['endpoint_id', 'epoch', fn.max('moved_at').as('moved_at')])
    .where('endpoint_id', 'in', ids)
    .groupBy(['endpoint_id', 'epoch'])
    .orderBy('endpoint_id')
    .orderBy('moved_at', 'desc')
    .limit(maxRead)
    .execute()
  let ended = 0
  for (const [endpointId, theirs] of Map.groupBy(epochs, ({ endpoint_id }) => endpoint_id)) {
    const over = theirs.filter(({ moved_at }, nth) => nth >= maxEpochs || (nth > 0 && (moved_at ?? 0) < before)).map(({ epoch }) => epoch)
    for (const bite of bites(over)) {
      const done = await db.deleteFrom('cursors').where('endpoint_id', '=', endpointId).where('epoch', 'in', bite).executeTakeFirst()
      ended += Number(done.numDeletedRows)
    }
  }
  return ended
}

/** The newest `most` of each stay. */
async function endConditions({ db, reader }: Store, ids: string[], most: number): Promise<number> {
  const many = await reader
    .selectFrom('conditions')
    .select('endpoint_id')
    .where('endpoint_id', 'in', ids)
    .groupBy('endpoint_id')
    .having(({ fn }) => fn.countAll<number>(), '>', most)
    .execute()
  let ended = 0
  for (const { endpoint_id } of many) {
    const theirs = reader.selectFrom('conditions').select('fingerprint').where('endpoint_id', '=', endpoint_id)
    const over = await theirs.orderBy('raised_at', 'desc').orderBy('fingerprint').limit(maxRead).offset(most).execute()
    for (const bite of bites(over.map(({ fingerprint }) => fingerprint))) {
      const done = await db
        .deleteFrom('conditions')
        .where('endpoint_id', '=', endpoint_id)
        .where('fingerprint', 'in', bite)
        .executeTakeFirst()
      ended += Number(done.numDeletedRows)
    }
  }
  return ended
}

async function endGaps({ db, reader }: Store, ids: string[], before: number): Promise<number> {
  const old = reader.selectFrom('gaps').select('id').where('endpoint_id', 'in', ids).where('noticed_at', '<', before)
  const rows = await old.limit(maxRead).execute()
  for (const bite of bites(rows.map(({ id }) => id))) await db.deleteFrom('gaps').where('id', 'in', bite).execute()
  return rows.length
}

async function endRefused({ db, reader }: Store, ids: string[], before: number): Promise<number> {
  const old = reader.selectFrom('refused_records').select('id').where('endpoint_id', 'in', ids).where('received_at', '<', before)
  const rows = await old.limit(maxRead).execute()
  for (const bite of bites(rows.map(({ id }) => id))) await db.deleteFrom('refused_records').where('id', 'in', bite).execute()
  return rows.length
}

function* bites(ids: readonly string[]): Generator<readonly string[]> {
  for (let start = 0; start < ids.length; start += biteRows) yield ids.slice(start, start + biteRows)
}
