import { type Kysely, sql } from 'kysely'
import type { Database } from '../store/schema.ts'
import type { SiteSilencesTable } from '../store/tables/presence.ts'
import type { Machine, Place } from './judgement.ts'
import type { SilenceLimits } from './limits.ts'
import type { FoundMachine } from './silences.ts'

/*
 * Where machines are: at their site. An organisation that has no sites is itself one place. A machine without a site of
 * an organisation that has some is nowhere: nobody said where it is, so nobody says that its place fell silent.
 */

/** The places whose silence stands or that have lost enough machines to be looked at, and each machine at its place. */
export async function loadPlaces(
  db: Kysely<Database>,
  found: readonly FoundMachine[],
  limits: SilenceLimits,
  now: number,
): Promise<{ machines: Machine[]; places: Place[] }> {
  const standing = new Map((await db.selectFrom('site_silences').selectAll().execute()).map((row) => [row.site_id, row]))
  const away = found.filter(({ isAway, isRemoved }) => isAway && !isRemoved)
  const siteIds = [...standing.keys(), ...idsOfMany(away, ({ siteId }) => siteId, limits)]
  const unsited = away.filter(({ siteId }) => siteId === null)
  const organisationIds = [...standing.keys(), ...idsOfMany(unsited, ({ organisationId }) => organisationId, limits)]
  const sites = await loadSites(db, [...new Set(siteIds)], standing)
  const organisations = await loadUndivided(db, [...new Set(organisationIds)], standing)
  const places = [...sites, ...organisations]
  if (places.length > 0) await addLeavers(db, places, now - lookBackMs(limits))
  const undivided = new Set(organisations.map(({ id }) => id))
  const placeOf = ({ siteId, organisationId }: FoundMachine) => siteId ?? (undivided.has(organisationId) ? organisationId : null)
  return { machines: found.map((machine) => ({ ...machine, placeId: placeOf(machine) })), places }
}

/** Where so many are away that it may be the place. */
function idsOfMany(away: readonly FoundMachine[], idOf: (machine: FoundMachine) => string | null, { site }: SilenceLimits): string[] {
  return [...Map.groupBy(away, idOf)].flatMap(([id, machines]) => (id !== null && machines.length >= site.machines ? id : []))
}

/** Longer ago nobody went who was there when those went of whom nothing is said yet. */
const lookBackMs = ({ site, unannouncedMs }: SilenceLimits): number =>
  site.thereBeforeMs + site.withinMs + site.settleMs + Math.max(...Object.values(unannouncedMs))

/** Of places that are looked at, those that said goodbye lately were there, too. */
async function addLeavers(db: Kysely<Database>, places: readonly Place[], since: number): Promise<void> {
  const byId = new Map(places.map((place) => [place.id, place]))
  const rows = await db
    .selectFrom('presences')
    .innerJoin('endpoints', 'endpoints.id', 'presences.endpoint_id')
    .select(['organisation_id', 'site_id', 'last_heard_at'])
    .where('is_connected', '=', sql.lit(0))
    .where('goodbye', 'is not', null)
    .where('goodbye', '!=', 'stop')
    .where('last_heard_at', '>=', since)
    .where('removed_at', 'is', null)
    .where('organisation_id', 'in', [...new Set(places.map(({ organisationId }) => organisationId))])
    .execute()
  for (const { site_id, organisation_id, last_heard_at } of rows) byId.get(site_id ?? organisation_id)?.left.push(last_heard_at)
}

type Standing = ReadonlyMap<string, SiteSilencesTable>

async function loadSites(db: Kysely<Database>, ids: string[], standing: Standing): Promise<Place[]> {
  if (ids.length === 0) return []
  const rows = await db
    .selectFrom('sites')
    .leftJoin('endpoints', (join) => join.onRef('endpoints.site_id', '=', 'sites.id').on('removed_at', 'is', null))
    .leftJoin('presences', (join) => join.onRef('presences.endpoint_id', '=', 'endpoints.id').on('is_connected', '=', 1))
    .select(['sites.id', 'sites.organisation_id as organisationId', 'name'])
    .select(({ fn }) => fn.count<number | string>('presences.endpoint_id').as('connected'))
    .where('sites.id', 'in', ids)
    .groupBy(['sites.id', 'sites.organisation_id', 'name'])
    .execute()
  return rows.map((row) => placeOf(row, true, standing))
}

/** Organisations without sites; and one that got its first while its silence stands. */
async function loadUndivided(db: Kysely<Database>, ids: string[], standing: Standing): Promise<Place[]> {
  if (ids.length === 0) return []
  const rows = await db
    .selectFrom('organisations')
    .leftJoin('endpoints', (join) => join.onRef('endpoints.organisation_id', '=', 'organisations.id').on('removed_at', 'is', null))
    .leftJoin('presences', (join) => join.onRef('presences.endpoint_id', '=', 'endpoints.id').on('is_connected', '=', 1))
    .select(['organisations.id', 'organisations.id as organisationId', 'name'])
    .select(({ fn }) => fn.count<number | string>('presences.endpoint_id').as('connected'))
    .where('organisations.id', 'in', ids)
    .where(({ eb, or, not, exists, selectFrom }) =>
      or([
        eb('organisations.id', 'in', [...standing.keys(), '']),
        not(exists(selectFrom('sites').select('sites.id').whereRef('sites.organisation_id', '=', 'organisations.id'))),
      ]),
    )
    .groupBy(['organisations.id', 'name'])
    .execute()
  return rows.map((row) => placeOf(row, false, standing))
}

type PlaceRow = Pick<Place, 'id' | 'organisationId' | 'name'> & { connected: number | string }

function placeOf({ connected, ...place }: PlaceRow, isSite: boolean, standing: Standing): Place {
  return { ...place, isSite, connected: Number(connected), left: [], silence: standing.get(place.id) ?? null }
}
