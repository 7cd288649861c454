import type { Kysely } from 'kysely'
import { type Came, type Crowds, createCrowds, type Loaded } from '../correlate/crowds.ts'
import {
  crowdedSites,
  fingerprintsOver,
  gatheredOf,
  kindsOf,
  type Opener,
  type Place,
  placeOf,
  placesOf,
  scatteredKinds,
  surgingKinds,
} from '../correlate/near.ts'
import type { Matrix } from '../route/matrix.ts'
import type { Database } from '../store/schema.ts'
import type { TicketsTable } from '../store/tables/ticket.ts'
import type { Subject, TicketCase } from './changes.ts'
import { among, type Listed, loadCases, loadSubjects } from './load.ts'
import { readLoud } from './load-loud.ts'

/*
 * What the tickets that a round may open stand among, read once a round and by indexes: the tickets over others, how many
 * came of each kind lately, and those that came before.
 */

/** More than anybody reads under one ticket; what came before these stays where it is. */
const maxSiblings = 1_000

/** @param parentIds over tickets that signals of this round are about. */
export async function loadCrowds(
  db: Kysely<Database>,
  listed: Listed,
  openers: readonly Opener[],
  parentIds: readonly string[],
  matrix: Matrix,
  now: number,
): Promise<Crowds> {
  const gathered = gatheredOf(openers)
  if (!openers.some(({ subject, sourceId }) => subject.endpoint || sourceId !== null) && parentIds.length === 0)
    return createCrowds(nothing, matrix)
  const { site, storm } = matrix.gathering
  const places = placesOf(gathered, matrix)
  const [parents, came, onSites, loud] = await Promise.all([
    readParents(db, listed, fingerprintsOver(gathered, places), parentIds),
    readSurges(db, listed, gathered, matrix, now - storm.within),
    readSites(db, listed, [...places.values()], now - site.within),
    readLoud(db, listed, openers, matrix, now),
  ])
  const surging = surgingKinds(gathered, came, matrix)
  const sites = parents.filter(({ gathers }) => gathers === 'site')
  const crowded = crowdedSites(places, sites, onSites, gathered, matrix)
  const crowding = onSites.filter((ticket) => crowded.has(placeOf(ticket)))
  const [cases, fleet, provider, underSites, siteSizes] = await Promise.all([
    readCases(db, listed, [...parents, ...crowding, ...loud.tickets], surging, now - storm.within),
    surging.length === 0 ? null : countFleet(db),
    surging.length === 0 ? undefined : readProvider(db),
    readUnder(
      db,
      listed,
      sites.map(({ id }) => id),
    ),
    countSites(db, listed, [...new Set([...crowded.values()].map(({ siteId }) => siteId))]),
  ])
  return createCrowds({ cases, came, onSites, underSites, siteSizes, heard: loud.heard, fleet, provider }, matrix)
}

const nothing: Loaded = {
  cases: [],
  came: [],
  onSites: [],
  underSites: [],
  siteSizes: new Map(),
  heard: [],
  fleet: null,
  provider: undefined,
}

async function readParents(
  db: Kysely<Database>,
  listed: Listed,
  fingerprints: readonly string[],
  ids: readonly string[],
): Promise<TicketsTable[]> {
  const open = db.selectFrom('tickets').selectAll().where('resolved_at', 'is', null)
  const [byFingerprint, byId] = await Promise.all([
    fingerprints.length === 0
      ? []
      : open
          .where('endpoint_id', 'is', null)
          .where(
            among(
              listed,
              ['tickets.fingerprint'],
              fingerprints.map((each) => [each]),
            ),
          )
          .where('gathers', 'is not', null)
          .execute(),
    ids.length === 0
      ? []
      : open
          .where(
            among(
              listed,
              ['tickets.id'],
              ids.map((id) => [id]),
            ),
          )
          .execute(),
  ])
  return [...new Map([...byFingerprint, ...byId].map((ticket) => [ticket.id, ticket])).values()]
}

/** Where they came from; how often, of those alone that came from many: to count is to sort, which takes fifteen times as long. */
async function readSurges(
  db: Kysely<Database>,
  listed: Listed,
  openers: readonly Opener[],
  matrix: Pick<Matrix, 'gathering'>,
  since: number,
): Promise<Came[]> {
  if (openers.length === 0) return []
  const places = await cameSince(db, listed, kindsOf(openers), since)
    .select(['kind', 'organisation_id as organisationId'])
    .distinct()
    .execute()
  const uncounted = places.map((place) => ({ ...place, tickets: 0, machines: 0 }))
  const scattered = scatteredKinds(openers, uncounted, matrix)
  return [...uncounted.filter(({ kind }) => !scattered.includes(kind)), ...(await countCame(db, listed, scattered, since))]
}

async function countCame(db: Kysely<Database>, listed: Listed, kinds: readonly string[], since: number): Promise<Came[]> {
  if (kinds.length === 0) return []
  const rows = await cameSince(db, listed, kinds, since)
    .select(['kind', 'organisation_id as organisationId'])
    .select(({ fn }) => [fn.countAll().as('tickets'), fn.count('endpoint_id').distinct().as('machines')])
    .groupBy(['kind', 'organisation_id'])
    .execute()
  return rows.map(({ tickets, machines, ...row }) => ({ ...row, tickets: Number(tickets), machines: Number(machines) }))
}

const cameSince = (db: Kysely<Database>, listed: Listed, kinds: readonly string[], since: number) =>
  db
    .selectFrom('tickets')
    .where(
      among(
        listed,
        ['tickets.kind'],
        kinds.map((kind) => [kind]),
      ),
    )
    .where('came_at', '>', since)
    .where('endpoint_id', 'is not', null)
    .where(({ eb, or }) => or([eb('gathered_by', 'is', null), eb('gathered_by', '!=', 'storm')]))

async function readSites(db: Kysely<Database>, listed: Listed, places: readonly Place[], since: number): Promise<TicketsTable[]> {
  if (places.length === 0) return []
  return db
    .selectFrom('tickets')
    .selectAll()
    .where(
      among(
        listed,
        ['tickets.site_id', 'tickets.kind'],
        places.map(({ siteId, kind }) => [siteId, kind]),
      ),
    )
    .where('came_at', '>', since)
    .where('resolved_at', 'is', null)
    .where('parent_id', 'is', null)
    .where('endpoint_id', 'is not', null)
    .orderBy('number')
    .limit(maxSiblings)
    .execute()
}

/** With whom they are about and what is due on them: those over others, and those that may go under one. */
async function readCases(
  db: Kysely<Database>,
  listed: Listed,
  known: readonly TicketsTable[],
  surging: readonly string[],
  since: number,
): Promise<TicketCase[]> {
  const surged =
    surging.length === 0
      ? []
      : await db
          .selectFrom('tickets')
          .selectAll()
          .where(
            among(
              listed,
              ['tickets.kind'],
              surging.map((kind) => [kind]),
            ),
          )
          .where('came_at', '>', since)
          .where('status', '=', 'new')
          .where('parent_id', 'is', null)
          .orderBy('came_at', 'desc')
          .limit(maxSiblings)
          .execute()
  const tickets = new Map([...known, ...surged].map((ticket) => [ticket.id, ticket]))
  return loadCases(db, [...tickets.values()])
}

async function countFleet(db: Kysely<Database>): Promise<number> {
  const row = await db
    .selectFrom('endpoints')
    .select(({ fn }) => fn.countAll().as('count'))
    .where('removed_at', 'is', null)
    .executeTakeFirstOrThrow()
  return Number(row.count)
}

/** The provider's own organisation: the first there was. */
export async function readProviderId(db: Kysely<Database>): Promise<string | undefined> {
  const first = await db.selectFrom('organisations').select('id').orderBy('created_at').orderBy('id').limit(1).executeTakeFirst()
  return first?.id
}

async function readProvider(db: Kysely<Database>): Promise<Subject | undefined> {
  const of = { endpoint_id: null, organisation_id: (await readProviderId(db)) ?? '' }
  return (await loadSubjects(db, [of])).of(of)
}

const readUnder = (db: Kysely<Database>, listed: Listed, parentIds: readonly string[]): Promise<Loaded['underSites']> =>
  parentIds.length === 0
    ? Promise.resolve([])
    : db
        .selectFrom('tickets')
        .select(['parent_id as parentId', 'endpoint_id as endpointId'])
        .distinct()
        .where(
          among(
            listed,
            ['tickets.parent_id'],
            parentIds.map((id) => [id]),
          ),
        )
        .execute()

async function countSites(db: Kysely<Database>, listed: Listed, siteIds: readonly string[]): Promise<Map<string, number>> {
  if (siteIds.length === 0) return new Map()
  const rows = await db
    .selectFrom('endpoints')
    .select(['site_id'])
    .select(({ fn }) => fn.countAll().as('count'))
    .where(
      among(
        listed,
        ['endpoints.site_id'],
        siteIds.map((id) => [id]),
      ),
    )
    .where('removed_at', 'is', null)
    .groupBy('site_id')
    .execute()
  return new Map(rows.map(({ site_id, count }) => [site_id ?? '', Number(count)]))
}
