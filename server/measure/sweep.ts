import { days, type Time } from '#shared/domain/time.ts'
import type { Store } from '../store/store.ts'

const keptForMs = days(7)
/** Rows deleted at once: a few milliseconds. */
const biteRows = 500
/** Rest between bites, so that ingest and pipeline go first. */
const restMs = 20

/** Deletes samples older than 7 days, endpoint by endpoint along the primary key. @returns how many. */
export async function sweepSamples({ store, time, stop }: { store: Store; time: Time; stop: AbortSignal }): Promise<number> {
  const before = time.now() - keptForMs
  const endpoints = await store.reader.selectFrom('samples').select('endpoint_id').distinct().where('at', '<', before).execute()
  let deleted = 0
  for (const { endpoint_id } of endpoints) {
    for (let bite = biteRows; bite === biteRows && !stop.aborted; ) {
      bite = await biteOff(store, endpoint_id, before)
      deleted += bite
      await rest(time, stop)
    }
  }
  return deleted
}

async function biteOff({ db }: Store, endpointId: string, before: number): Promise<number> {
  const oldest = db
    .selectFrom('samples')
    .select('at')
    .where('endpoint_id', '=', endpointId)
    .where('at', '<', before)
    .orderBy('at')
    .limit(biteRows)
  const { numDeletedRows } = await db
    .deleteFrom('samples')
    .where('endpoint_id', '=', endpointId)
    .where('at', 'in', oldest)
    .executeTakeFirstOrThrow()
  return Number(numDeletedRows)
}

function rest(time: Time, stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const cancel = time.after(restMs, done)
    function done() {
      cancel()
      stop.removeEventListener('abort', done)
      resolve()
    }
    stop.addEventListener('abort', done)
    if (stop.aborted) done()
  })
}
