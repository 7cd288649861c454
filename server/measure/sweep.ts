import { type ExpressionBuilder, type SqlBool, sql } from 'kysely'
import { steps } from '#shared/domain/rollup.ts'
import { days, type Time } from '#shared/domain/time.ts'
import type { Database } from '../store/schema.ts'
import type { Store } from '../store/store.ts'
import { rest } from './rest.ts'

/** Rows deleted at once: a few milliseconds. */
const biteRows = 500
/** What a machine was and had installed, after it was removed; a list of software is half a megabyte. */
const keptAfterRemovalMs = days(400)
const biteRemoved = 50

interface Sweep {
  store: Store
  time: Time
  stop: AbortSignal
}
type BiteOff = (store: Store, endpointId: string) => Promise<number>

/** Ends what each step keeps no longer, endpoint by endpoint along the primary keys, and what is known of machines long removed. @returns how many rows. */
export async function sweep({ store, time, stop }: Sweep): Promise<number> {
  const now = time.now()
  const { raw, fiveMinutes, hour } = steps
  const bites: BiteOff[] = [
    (of, id) => biteOffSamples(of, id, now - raw.keptForMs),
    (of, id) => biteOffRollups(of, id, fiveMinutes.widthMs, now - fiveMinutes.keptForMs),
    (of, id) => biteOffRollups(of, id, hour.widthMs, now - hour.keptForMs),
  ]
  let deleted = 0
  for await (const endpointId of sampledEndpoints(store, stop)) {
    for (const biteOff of bites) deleted += await sweepEndpoint({ store, time, stop }, endpointId, biteOff)
  }
  const endSoftware = (ids: string[]) => store.db.deleteFrom('software').where('endpoint_id', 'in', ids).execute()
  const endInventories = (ids: string[]) => store.db.deleteFrom('inventories').where('endpoint_id', 'in', ids).execute()
  deleted += await sweepRemoved({ store, time, stop }, 'software', endSoftware)
  return deleted + (await sweepRemoved({ store, time, stop }, 'inventories', endInventories))
}

async function sweepRemoved(
  { store: { reader }, time, stop }: Sweep,
  table: 'inventories' | 'software',
  end: (ids: string[]) => Promise<unknown>,
): Promise<number> {
  const removed = reader
    .selectFrom('endpoints')
    .select('id')
    .where('removed_at', '<', time.now() - keptAfterRemovalMs)
  let deleted = 0
  for (let bite = biteRemoved; bite === biteRemoved && !stop.aborted; ) {
    const rows = await reader.selectFrom(table).select('endpoint_id').where('endpoint_id', 'in', removed).limit(biteRemoved).execute()
    bite = rows.length
    if (bite > 0) await end(rows.map(({ endpoint_id }) => endpoint_id))
    deleted += bite
    if (bite === biteRemoved) await rest(time, stop)
  }
  return deleted
}

/** One seek each, where `distinct` would read every key of the table. */
async function* sampledEndpoints({ reader }: Store, stop: AbortSignal): AsyncGenerator<string> {
  for (let last = ''; !stop.aborted; ) {
    const next = (table: 'samples' | 'rollups') =>
      reader.selectFrom(table).select('endpoint_id').where('endpoint_id', '>', last).orderBy('endpoint_id').limit(1).executeTakeFirst()
    const [sampled, rolled] = await Promise.all([next('samples'), next('rollups')])
    const [first] = [sampled, rolled].flatMap((row) => row?.endpoint_id ?? []).toSorted(byCode)
    if (first === undefined) return
    yield first
    last = first
  }
}

const byCode = (a: string, b: string): number => (a < b ? -1 : 1)

async function sweepEndpoint({ store, time, stop }: Sweep, endpointId: string, biteOff: BiteOff): Promise<number> {
  let deleted = 0
  for (let bite = biteRows; bite === biteRows && !stop.aborted; ) {
    bite = await biteOff(store, endpointId)
    deleted += bite
    if (bite > 0) await rest(time, stop)
  }
  return deleted
}

/** A sample is looked for by the reader first, so that where nothing is too old nothing is written. */
async function biteOffSamples({ reader, db }: Store, endpointId: string, before: number): Promise<number> {
  const old = reader.selectFrom('samples').select('at').where('endpoint_id', '=', endpointId).where('at', '<', before).where(isRolledUp)
  const rows = await old.orderBy('at').limit(biteRows).execute()
  const [first, last] = [rows[0], rows.at(-1)]
  if (!first || !last) return 0
  const bite = db.deleteFrom('samples').where('endpoint_id', '=', endpointId).where('at', '>=', first.at).where('at', '<=', last.at)
  await bite.where(isRolledUp).execute()
  return rows.length
}

/** What came late stays until its roll-up is made, however old it is. */
function isRolledUp({ not, exists, selectFrom }: ExpressionBuilder<Database, 'samples'>) {
  const { widthMs } = steps.fiveMinutes
  const mark = selectFrom('rollups_due').select('rollups_due.at').whereRef('rollups_due.endpoint_id', '=', 'samples.endpoint_id')
  const ofSlot = sql<SqlBool>`rollups_due.at = samples.at - samples.at % ${sql.lit(widthMs)}`
  return not(exists(mark.where('rollups_due.step_ms', '=', widthMs).where(ofSlot)))
}

async function biteOffRollups({ reader, db }: Store, endpointId: string, widthMs: number, before: number): Promise<number> {
  const old = reader.selectFrom('rollups').select('at').where('endpoint_id', '=', endpointId).where('step_ms', '=', widthMs)
  const rows = await old.where('at', '<', before).orderBy('at').limit(biteRows).execute()
  const last = rows.at(-1)
  if (!last) return 0
  const bite = db.deleteFrom('rollups').where('endpoint_id', '=', endpointId).where('step_ms', '=', widthMs)
  await bite.where('at', '<=', last.at).execute()
  return rows.length
}
