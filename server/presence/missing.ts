import type { Kysely } from 'kysely'
import { sentenceOf } from '#shared/domain/fault.ts'
import { days, hours } from '#shared/domain/time.ts'
import type { Database } from '../store/schema.ts'
import { defaultLimits } from './limits.ts'
import type { WatchNeeds } from './watch.ts'
import { machineMissing } from './words.ts'

/*
 * The monthly list of missing machines: once in each month of an organisation's own calendar, one signal for each of its
 * workstations of which nothing has been heard for 30 days. Counted from when its silence was noticed, so that no
 * absence of ours makes anybody missing.
 */

const lookEveryMs = hours(1)
/** Months are longer; only a clock that was set makes two lists fall so near together. */
const leastBetweenMs = days(1)

type Needs = Pick<WatchNeeds, 'store' | 'time' | 'log' | 'options' | 'raiseAllWithin' | 'onRaised'>

/** @returns its stop, which waits for a look that is under way. */
export function startMissingLists(needs: Needs): () => Promise<void> {
  const { time, log } = needs
  let looking: Promise<void> | undefined
  const look = () => {
    cancel = time.after(lookEveryMs, look)
    looking ??= makeLists(needs)
      .catch((error: unknown) =>
        log.error({ reason: sentenceOf(error) }, 'the list of missing machines could not be made; it is tried again'),
      )
      .finally(() => {
        looking = undefined
      })
  }
  let cancel = time.after(lookEveryMs, look)
  return async () => {
    cancel()
    await looking
  }
}

async function makeLists({ store, time, options, raiseAllWithin, onRaised }: Needs): Promise<void> {
  const now = time.now()
  const due = await organisationsDue(store.reader, now)
  if (due.length === 0) return
  const { missingMs } = options?.limits ?? defaultLimits
  const byOrganisation = Map.groupBy(await missingMachines(store.reader, now - missingMs), ({ organisationId }) => organisationId)
  for (const organisationId of due) {
    const lines = (byOrganisation.get(organisationId) ?? []).map((machine) => machineMissing(machine, now))
    const row = { organisation_id: organisationId, listed_at: now }
    await store.db.transaction().execute(async (tx) => {
      await store.capabilities.putRows(tx, 'missing_lists', [row], { replaceWhere: ['organisation_id'] })
      await raiseAllWithin(tx, lines, now)
    })
    if (lines.length > 0) onRaised()
  }
}

/** Those whose list of this month isn't out. */
async function organisationsDue(db: Kysely<Database>, now: number): Promise<string[]> {
  const rows = await db
    .selectFrom('organisations')
    .leftJoin('missing_lists', 'missing_lists.organisation_id', 'organisations.id')
    .select(['organisations.id', 'time_zone', 'listed_at'])
    .execute()
  const isOut = ({ time_zone, listed_at }: (typeof rows)[number]) =>
    listed_at !== null && (Math.abs(now - listed_at) < leastBetweenMs || monthOf(listed_at, time_zone) === monthOf(now, time_zone))
  return rows.filter((row) => !isOut(row)).map(({ id }) => id)
}

const monthOf = (at: number, timeZone: string): string =>
  Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timeZone).toPlainDate().toPlainYearMonth().toString()

async function missingMachines(db: Kysely<Database>, before: number) {
  const rows = await db
    .selectFrom('silences')
    .innerJoin('endpoints', 'endpoints.id', 'silences.endpoint_id')
    .innerJoin('presences', 'presences.endpoint_id', 'silences.endpoint_id')
    .leftJoin('inventories', 'inventories.endpoint_id', 'silences.endpoint_id')
    .select(['endpoints.id', 'organisation_id', 'hostname', 'last_heard_at'])
    .where('said', '!=', 'excused')
    .where('said_at', '<=', before)
    .where('is_connected', '=', 0)
    .where('removed_at', 'is', null)
    .where(({ fn, eb }) => eb(fn.coalesce('confirmed_role', 'inventories.role'), '=', 'workstation'))
    .orderBy('hostname')
    .execute()
  return rows.map(({ id, organisation_id, hostname, last_heard_at }) => ({
    ...{ endpointId: id, organisationId: organisation_id, hostname, lastHeardAt: last_heard_at },
  }))
}
