import type { Kysely } from 'kysely'
import type { NewStanding, StandingDraft } from '#shared/api/standing.ts'
import type { Database } from '../../store/schema.ts'

/*
 * Whose clock a window goes by: the endpoint's site, else the organisation's. Enters: whom an order means. Leaves: the zones
 * that are signed, and which of them is each machine's, so that no collector shifts a window to an hour that nobody signed.
 */

type When = NewStanding['when']

/** A draft's own zone stands for whichever it turns out to be. */
export function inNoZone(when: StandingDraft['when']): NonNullable<When> {
  if (when.kind !== 'window') return when
  const { timeZone: _, ...window } = when
  return window
}

/** A window is in the time of where its machines stand, unless somebody said another. */
export async function zoned(
  db: Kysely<Database>,
  when: NonNullable<When>,
  meant: Pick<NewStanding, 'organisationId' | 'endpoints'>,
  organisations: string,
): Promise<unknown> {
  if (when.kind !== 'window' || when.timeZone !== undefined) return when
  const [only, ...others] = meant.endpoints ? await zonesOfMachines(db, meant.endpoints, organisations) : []
  if (only !== undefined && others.length === 0) return { ...when, timeZone: only }
  const sites = others.length > 0 && only !== undefined ? [only, ...others] : await zonesOfSites(db, meant.organisationId)
  const zones = sites.filter((zone) => zone !== organisations).toSorted()
  return { ...when, timeZone: organisations, ...(zones.length > 0 && { zones }) }
}

async function zonesOfMachines(db: Kysely<Database>, endpoints: readonly string[], organisations: string): Promise<string[]> {
  const zones = await clocksOf(db, endpoints)
  return [...new Set(endpoints.map((id) => zones.get(id) ?? organisations))]
}

/** Also of those where nothing of the role stands yet. */
async function zonesOfSites(db: Kysely<Database>, organisationId: string): Promise<string[]> {
  const sites = db.selectFrom('sites').select('time_zone').distinct().where('organisation_id', '=', organisationId)
  return (await sites.where('time_zone', 'is not', null).execute()).flatMap(({ time_zone }) => time_zone ?? [])
}

/** By machine the clock of its site, where that has one of its own. */
export async function clocksOf(db: Kysely<Database>, endpointIds: readonly string[]): Promise<Map<string, string>> {
  if (endpointIds.length === 0) return new Map()
  const placed = db.selectFrom('endpoints').innerJoin('sites', 'sites.id', 'endpoints.site_id').select(['endpoints.id', 'sites.time_zone'])
  const rows = await placed.where('endpoints.id', 'in', endpointIds).execute()
  return new Map(rows.flatMap(({ id, time_zone }) => (time_zone === null ? [] : [[id, time_zone] as const])))
}
