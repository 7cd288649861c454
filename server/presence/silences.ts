import { type ExpressionBuilder, type Kysely, sql } from 'kysely'
import type { GoodbyeReason } from '#shared/domain/endpoint.ts'
import type { Database } from '../store/schema.ts'
import type { Store, Tx } from '../store/store.ts'
import type { EndpointsTable } from '../store/tables/identity.ts'
import type { InventoriesTable } from '../store/tables/measure.ts'
import type { PresencesTable, SilencesTable } from '../store/tables/presence.ts'
import type { Judgement, Machine, Sight } from './judgement.ts'
import { leastChanceMs, type SilenceLimits } from './limits.ts'

/** What silence is judged on, as it is read, and what was said of it, as it is kept. */

export type FoundMachine = Omit<Machine, 'placeId'> & { siteId: string | null }

/** Whose silence may be over: those that came since the last look, or anybody. */
export type Returned = readonly string[] | 'anybody'

/** Rows or ids of one statement: some milliseconds of the loop, after which others have their turn. */
const biteRows = 1_000

/** Only machines about which there may be something to say: a night's sleeping workstations cost nothing. */
export async function loadMachines(
  db: Kysely<Database>,
  returned: Returned,
  sight: Sight,
  limits: SilenceLimits,
  now: number,
): Promise<FoundMachine[]> {
  const unsaid = await inPages((after) => awayUnsaid(db, sight, limits, now, after))
  const covered = await inPages((after) => saidOf(db, ['with-site', 'excused'], after).execute())
  return [...unsaid, ...covered, ...(await ofThoseBack(db, returned))].map(machineOf)
}

/** Away, and nothing is said of them yet. Found by the index presences_away, which is named word for word. */
function awayUnsaid(db: Kysely<Database>, { since }: Sight, limits: SilenceLimits, now: number, after: string): Promise<Row[]> {
  const page = (creator: Pick<Kysely<Database>, 'selectFrom'>) =>
    creator
      .selectFrom('presences')
      .select(['endpoint_id', 'is_connected', 'last_heard_at', 'goodbye'])
      .where('is_connected', '=', sql.lit(0))
      .where('endpoint_id', '>', after)
      .where(({ not, exists, selectFrom: from }) =>
        not(exists(from('silences').select('said').whereRef('silences.endpoint_id', '=', 'presences.endpoint_id'))),
      )
      .where((row) => mayBeSilent(row, limits, now))
      // Whom we lost sight of has a chance before anything is said, so until then they aren't even read: after a start, all of them.
      .$if(now - since < leastChanceMs(limits), (away) => away.where('last_heard_at', '>=', since))
      .orderBy('endpoint_id')
      .limit(biteRows)
  return db
    .with((name) => name('away').materialized(), page)
    .selectFrom('away')
    .leftJoin('endpoints', 'endpoints.id', 'away.endpoint_id')
    .leftJoin('inventories', 'inventories.endpoint_id', 'away.endpoint_id')
    .select(['away.endpoint_id', 'organisation_id', 'endpoints.site_id', 'hostname', 'confirmed_role', 'inventories.role', 'removed_at'])
    .select(['is_connected', 'last_heard_at', 'goodbye'])
    .select(({ lit }) => [lit(null).as('said'), lit(null).as('said_at'), lit(null).as('covered_by')])
    .orderBy('away.endpoint_id')
    .execute()
}

/** Of whom this was said. */
const saidOf = (db: Kysely<Database>, what: readonly SilencesTable['said'][], after: string) =>
  db
    .selectFrom('silences')
    .innerJoin('presences', 'presences.endpoint_id', 'silences.endpoint_id')
    .innerJoin('endpoints', 'endpoints.id', 'silences.endpoint_id')
    .leftJoin('inventories', 'inventories.endpoint_id', 'silences.endpoint_id')
    .select([
      'silences.endpoint_id',
      'organisation_id',
      'endpoints.site_id',
      'hostname',
      'confirmed_role',
      'inventories.role',
      'removed_at',
    ])
    .select(['is_connected', 'last_heard_at', 'goodbye', 'said', 'said_at', 'silences.site_id as covered_by'])
    .where('said', 'in', what)
    .where('silences.endpoint_id', '>', after)
    .orderBy('silences.endpoint_id')
    .limit(biteRows)

async function ofThoseBack(db: Kysely<Database>, returned: Returned): Promise<Row[]> {
  if (returned === 'anybody') {
    const back = (after: string) =>
      saidOf(db, ['silent'], after).where(({ eb, or }) => or([eb('is_connected', '=', 1), eb('removed_at', 'is not', null)]))
    return inPages((after) => back(after).execute())
  }
  const rows: Row[] = []
  for (let start = 0; start < returned.length; start += biteRows) {
    const ids = returned.slice(start, start + biteRows)
    rows.push(...(await saidOf(db, ['silent'], '').where('silences.endpoint_id', 'in', ids).execute()))
  }
  return rows
}

/** Null where the endpoint is unknown, of which there should be none. */
type Row = Pick<PresencesTable, 'endpoint_id' | 'is_connected' | 'last_heard_at' | 'goodbye'> &
  Nullable<Pick<EndpointsTable, 'organisation_id' | 'site_id' | 'hostname' | 'confirmed_role' | 'removed_at'>> &
  Nullable<Pick<InventoriesTable, 'role'> & Pick<SilencesTable, 'said' | 'said_at'>> & { covered_by: string | null }
type Nullable<Columns> = { [Name in keyof Columns]: Columns[Name] | null }

/** Who announced when to be back counts from then on. */
function mayBeSilent({ eb, and, or }: ExpressionBuilder<Database, 'presences'>, limits: SilenceLimits, now: number) {
  const announced: [GoodbyeReason[], number][] = [
    [['reboot', 'update'], limits.rebootMs],
    [['shutdown', 'sleep'], limits.shutdownMs],
  ]
  return or([
    eb('goodbye', 'is', null),
    eb('goodbye', '=', 'stop'),
    ...announced.map(([reasons, limitMs]) => and([eb('goodbye', 'in', reasons), eb('last_heard_at', '<=', now - limitMs)])),
  ])
}

async function inPages(read: (after: string) => Promise<Row[]>): Promise<Row[]> {
  const rows: Row[] = []
  for (let page: Row[] | undefined; page === undefined || page.length === biteRows; ) {
    page = await read(rows.at(-1)?.endpoint_id ?? '')
    rows.push(...page)
  }
  return rows
}

function machineOf(row: Row): FoundMachine {
  return {
    ...{ endpointId: row.endpoint_id, organisationId: row.organisation_id ?? '', siteId: row.site_id, hostname: row.hostname ?? '' },
    ...{ role: row.confirmed_role ?? row.role ?? 'unknown', lastHeardAt: row.last_heard_at, goodbye: row.goodbye },
    isAway: row.is_connected === 0,
    isRemoved: row.organisation_id === null || row.removed_at !== null,
    said: row.said === null || row.said_at === null ? null : { said: row.said, said_at: row.said_at, site_id: row.covered_by },
  }
}

export async function keepJudgement(tx: Tx, { putRows }: Store['capabilities'], judgement: Judgement): Promise<void> {
  const { said: sayings, returned, sites, sitesBack } = judgement
  for (let start = 0; start < returned.length; start += biteRows)
    await tx
      .deleteFrom('silences')
      .where('endpoint_id', 'in', returned.slice(start, start + biteRows))
      .execute()
  if (sitesBack.length > 0) await tx.deleteFrom('site_silences').where('site_id', 'in', sitesBack).execute()
  if (sayings.length > 0) await putRows(tx, 'silences', sayings, { replaceWhere: ['endpoint_id'] })
  if (sites.length > 0) await putRows(tx, 'site_silences', sites, { replaceWhere: ['site_id'] })
}

/** When somebody was last heard of, as far as it is written down; null: never. */
export async function lastSight(db: Kysely<Database>): Promise<number | null> {
  const row = await db
    .selectFrom('presences')
    .select(({ fn }) => fn.max('last_heard_at').as('at'))
    .executeTakeFirst()
  return row?.at ?? null
}
