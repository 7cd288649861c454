import { type ExpressionBuilder, type Kysely, sql } from 'kysely'
import type { GoodbyeReason } from '#shared/domain/endpoint.ts'
import type { Database } from '../store/schema.ts'
import type { Store, Tx } from '../store/store.ts'
import type { Judgement, Machine, Sight } from './judgement.ts'
import { leastChanceMs, type SilenceLimits } from './limits.ts'

/** What silence is judged on, as it is read, and what was said of it, as it is kept. */

export type FoundMachine = Omit<Machine, 'placeId'> & { siteId: string | null }

/** Only machines about which there may be something to say: a night's sleeping workstations cost nothing. */
export async function loadMachines(db: Kysely<Database>, sight: Sight, limits: SilenceLimits, now: number): Promise<FoundMachine[]> {
  const rows = await ofThoseAway(db, sight, limits, now).unionAll(ofThoseSaid(db)).execute()
  return rows.map((row) => ({
    ...{ endpointId: row.id, organisationId: row.organisation_id, siteId: row.site_id, hostname: row.hostname },
    ...{ role: row.confirmed_role ?? row.role ?? 'unknown', lastHeardAt: row.last_heard_at, goodbye: row.goodbye },
    isAway: row.is_connected === 0 && row.removed_at === null,
    said: row.said === null || row.said_at === null ? null : { said: row.said, said_at: row.said_at, site_id: row.coveredBy },
  }))
}

function machines(db: Kysely<Database>) {
  return db
    .selectFrom('presences')
    .innerJoin('endpoints', 'endpoints.id', 'presences.endpoint_id')
    .leftJoin('inventories', 'inventories.endpoint_id', 'presences.endpoint_id')
    .leftJoin('silences', 'silences.endpoint_id', 'presences.endpoint_id')
    .select(['endpoints.id', 'organisation_id', 'endpoints.site_id', 'hostname', 'confirmed_role', 'inventories.role', 'removed_at'])
    .select(['is_connected', 'last_heard_at', 'goodbye', 'said', 'said_at', 'silences.site_id as coveredBy'])
}

/** Away, and nothing is said of them yet. Found by the index presences_away, which is named word for word. */
const ofThoseAway = (db: Kysely<Database>, sight: Sight, limits: SilenceLimits, now: number) =>
  machines(db)
    .where('is_connected', '=', sql.lit(0))
    .where('said', 'is', null)
    .where('removed_at', 'is', null)
    .where((row) => mayBeSilent(row, limits, now))
    .where((row) => mayBeJudged(row, sight, limits, now))

const ofThoseSaid = (db: Kysely<Database>) =>
  machines(db)
    .where('said', 'is not', null)
    .where(({ eb, or }) => or([eb('is_connected', '=', 1), eb('removed_at', 'is not', null), eb('said', '!=', 'silent')]))

type Row = ExpressionBuilder<Database & { silences: { said: string | null } }, 'presences'>

/** Who announced when to be back counts from then on; until then only right after going, among those that were there. */
function mayBeSilent({ eb, and, or }: Row, limits: SilenceLimits, now: number) {
  const announced: [GoodbyeReason[], number][] = [
    [['reboot', 'update'], limits.rebootMs],
    [['shutdown', 'sleep'], limits.shutdownMs],
  ]
  return or([
    eb('goodbye', 'is', null),
    eb('goodbye', '=', 'stop'),
    eb('last_heard_at', '>=', now - lookBackMs(limits)),
    ...announced.map(([reasons, limitMs]) => and([eb('goodbye', 'in', reasons), eb('last_heard_at', '<=', now - limitMs)])),
  ])
}

/** Longer ago nobody went who was there when those went of whom nothing is said yet. */
const lookBackMs = ({ site, unannouncedMs }: SilenceLimits): number =>
  site.thereBeforeMs + site.withinMs + site.settleMs + Math.max(...Object.values(unannouncedMs))

/** Whom we lost sight of has a chance before anything is said, so until then they aren't even read: after a start, all of them. */
function mayBeJudged({ eb, lit }: Row, { since }: Sight, limits: SilenceLimits, now: number) {
  return now - since >= leastChanceMs(limits) ? eb(lit(1), '=', lit(1)) : eb('last_heard_at', '>=', since)
}

/** Ids in one statement; databases bound how many. */
const maxIds = 1_000

export async function keepJudgement(tx: Tx, { putRows }: Store['capabilities'], judgement: Judgement): Promise<void> {
  const { said, returned, sites, sitesBack } = judgement
  for (let start = 0; start < returned.length; start += maxIds)
    await tx
      .deleteFrom('silences')
      .where('endpoint_id', 'in', returned.slice(start, start + maxIds))
      .execute()
  if (sitesBack.length > 0) await tx.deleteFrom('site_silences').where('site_id', 'in', sitesBack).execute()
  if (said.length > 0) await putRows(tx, 'silences', said, { replaceWhere: ['endpoint_id'] })
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
