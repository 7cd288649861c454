import type { Kysely } from 'kysely'
import type { GoodbyeReason } from '#shared/domain/endpoint.ts'
import type { Database } from '../store/schema.ts'
import type { Store, Tx } from '../store/store.ts'
import type { Judgement, Machine, SilenceLimits, Site } from './decide.ts'

/** What silence is judged on, as it is read, and what was said of it, as it is kept. */

/** Only machines about which there may be something to say: a night's sleeping workstations cost nothing. */
export async function loadMachines(db: Kysely<Database>, limits: SilenceLimits, now: number): Promise<Machine[]> {
  const announced: [GoodbyeReason[], number][] = [
    [['reboot', 'update'], limits.rebootMs],
    [['shutdown', 'sleep'], limits.shutdownMs],
  ]
  const rows = await db
    .selectFrom('presences')
    .innerJoin('endpoints', 'endpoints.id', 'presences.endpoint_id')
    .leftJoin('inventories', 'inventories.endpoint_id', 'presences.endpoint_id')
    .leftJoin('silences', 'silences.endpoint_id', 'presences.endpoint_id')
    .select(['endpoints.id', 'organisation_id', 'endpoints.site_id', 'hostname', 'confirmed_role', 'inventories.role', 'removed_at'])
    .select(['is_connected', 'last_heard_at', 'goodbye', 'said', 'said_at', 'silences.site_id as coveredBy'])
    .where(({ eb, and, or }) => {
      const isOpen = or([
        eb('goodbye', 'is', null),
        eb('goodbye', '=', 'stop'),
        ...announced.map(([reasons, limitMs]) => and([eb('goodbye', 'in', reasons), eb('last_heard_at', '<=', now - limitMs)])),
      ])
      const isUnsaid = and([eb('said', 'is', null), eb('is_connected', '=', 0), eb('removed_at', 'is', null), isOpen])
      const mayBeOver = or([eb('is_connected', '=', 1), eb('removed_at', 'is not', null), eb('said', '!=', 'silent')])
      return or([isUnsaid, and([eb('said', 'is not', null), mayBeOver])])
    })
    .execute()
  return rows.map((row) => ({
    ...{ endpointId: row.id, organisationId: row.organisation_id, siteId: row.site_id, hostname: row.hostname },
    ...{ role: row.confirmed_role ?? row.role ?? 'unknown', lastHeardAt: row.last_heard_at, goodbye: row.goodbye },
    isAway: row.is_connected === 0 && row.removed_at === null,
    said: row.said === null || row.said_at === null ? null : { said: row.said, said_at: row.said_at, site_id: row.coveredBy },
  }))
}

/** Sites whose silence stands, and those that have lost enough machines to be looked at. */
export async function loadSites(db: Kysely<Database>, machines: readonly Machine[], limits: SilenceLimits): Promise<Site[]> {
  const bySite = Map.groupBy(
    machines.filter(({ isAway }) => isAway),
    ({ siteId }) => siteId,
  )
  const ids = [...bySite].flatMap(([id, away]) => (id !== null && away.length >= limits.site.machines ? id : []))
  const standing = await db.selectFrom('site_silences').selectAll().execute()
  const wanted = [...new Set([...ids, ...standing.map(({ site_id }) => site_id)])]
  if (wanted.length === 0) return []
  const rows = await db
    .selectFrom('sites')
    .leftJoin('endpoints', (join) => join.onRef('endpoints.site_id', '=', 'sites.id').on('removed_at', 'is', null))
    .leftJoin('presences', (join) => join.onRef('presences.endpoint_id', '=', 'endpoints.id').on('is_connected', '=', 1))
    .select(['sites.id', 'sites.organisation_id as organisationId', 'name'])
    .select(({ fn }) => fn.count<number | string>('presences.endpoint_id').as('connected'))
    .where('sites.id', 'in', wanted)
    .groupBy(['sites.id', 'sites.organisation_id', 'name'])
    .execute()
  const covered = new Map(standing.map(({ site_id, machines: count }) => [site_id, count]))
  return rows.map(({ connected, ...site }) => ({ ...site, connected: Number(connected), covered: covered.get(site.id) ?? null }))
}

export const hasNews = ({ signals, said, returned, sites, sitesBack }: Judgement): boolean =>
  [signals, said, returned, sites, sitesBack].some(({ length }) => length > 0)

export async function keepJudgement(tx: Tx, { putRows }: Store['capabilities'], judgement: Judgement): Promise<void> {
  const { said, returned, sites, sitesBack } = judgement
  if (returned.length > 0) await tx.deleteFrom('silences').where('endpoint_id', 'in', returned).execute()
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
