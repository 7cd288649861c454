import { type Kysely, sql } from 'kysely'
import type { Database } from '../store/schema.ts'
import type { Machine, Place } from './judgement.ts'
import type { SilenceLimits } from './limits.ts'
import type { FoundMachine } from './silences.ts'

/*
 * Where machines are: at their site. Of whom nobody said it: at the only site of their organisation, or, where that has
 * none, at the organisation, which is then one place. In an organisation of several sites such a machine is nowhere, and
 * nobody says that its place fell silent.
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
  const isMany = (machines: readonly unknown[]): boolean => machines.length >= limits.site.machines
  const losers = [...Map.groupBy(away, ({ organisationId }) => organisationId)].flatMap(([id, lost]) => (isMany(lost) ? id : []))
  const map = await loadMap(db, [...new Set([...losers, ...[...standing.values()].map(({ organisation_id }) => organisation_id)])])
  const machines = found.map((machine) => ({ ...machine, placeId: map.placeOf(machine.organisationId, machine.siteId) }))
  const lost = Map.groupBy(
    machines.filter(({ isAway, isRemoved }) => isAway && !isRemoved),
    ({ placeId }) => placeId,
  )
  const wanted = map.places
    .filter(({ id }) => standing.has(id) || isMany(lost.get(id) ?? []))
    .map((place): Place => ({ ...place, connected: 0, left: [], silence: standing.get(place.id) ?? null }))
  await addThere(db, map, wanted, now - lookBackMs(limits))
  return { machines, places: wanted }
}

interface PlacesMap {
  places: Pick<Place, 'id' | 'organisationId' | 'name' | 'isSite'>[]
  placeOf(organisationId: string, siteId: string | null): string | null
}

async function loadMap(db: Kysely<Database>, organisationIds: string[]): Promise<PlacesMap> {
  if (organisationIds.length === 0) return { places: [], placeOf: (_organisationId, siteId) => siteId }
  const organisations = await db.selectFrom('organisations').select(['id', 'name']).where('id', 'in', organisationIds).execute()
  const sites = await db
    .selectFrom('sites')
    .select(['id', 'name', 'organisation_id as organisationId'])
    .where('organisation_id', 'in', organisationIds)
    .execute()
  const sitesOf = Map.groupBy(sites, ({ organisationId }) => organisationId)
  const homes = new Map(
    organisations.map(({ id }) => {
      const [first, second] = sitesOf.get(id) ?? []
      return [id, second ? null : (first?.id ?? id)]
    }),
  )
  return {
    // An organisation is among them also when it has sites: its silence may stand since it had none.
    places: [...sites.map((site) => ({ ...site, isSite: true })), ...organisations.map(wholeOf)],
    placeOf: (organisationId, siteId) => siteId ?? homes.get(organisationId) ?? null,
  }
}

const wholeOf = ({ id, name }: { id: string; name: string }) => ({ id, organisationId: id, name, isSite: false })

/** Longer ago nobody went who was there when those went of whom nothing is said yet. */
const lookBackMs = ({ site, unannouncedMs }: SilenceLimits): number =>
  site.thereBeforeMs + site.withinMs + site.settleMs + Math.max(...Object.values(unannouncedMs))

/** Who is there, and who was lately and said goodbye. */
async function addThere(db: Kysely<Database>, { placeOf }: PlacesMap, places: readonly Place[], since: number): Promise<void> {
  if (places.length === 0) return
  const byId = new Map(places.map((place) => [place.id, place]))
  const organisationIds = [...new Set(places.map(({ organisationId }) => organisationId))]
  const theirs = db
    .selectFrom('presences')
    .innerJoin('endpoints', 'endpoints.id', 'presences.endpoint_id')
    .where('removed_at', 'is', null)
    .where('organisation_id', 'in', organisationIds)
  const connected = await theirs
    .select(({ fn }) => ['organisation_id', 'site_id', fn.countAll<number | string>().as('count')])
    .where('is_connected', '=', 1)
    .groupBy(['organisation_id', 'site_id'])
    .execute()
  for (const { organisation_id, site_id, count } of connected) {
    const place = byId.get(placeOf(organisation_id, site_id) ?? '')
    if (place) place.connected += Number(count)
  }
  const leavers = await theirs
    .select(['organisation_id', 'site_id', 'last_heard_at'])
    .where('is_connected', '=', sql.lit(0))
    .where('goodbye', 'is not', null)
    .where('goodbye', '!=', 'stop')
    .where('last_heard_at', '>=', since)
    .execute()
  for (const { organisation_id, site_id, last_heard_at } of leavers)
    byId.get(placeOf(organisation_id, site_id) ?? '')?.left.push(last_heard_at)
}
