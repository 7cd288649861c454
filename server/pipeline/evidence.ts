import type { Kysely } from 'kysely'
import { minutes } from '#shared/domain/time.ts'
import { evidenceOf, youngForMs } from '../command/brakes.ts'
import type { Database } from '../store/schema.ts'
import type { SignalsTable } from '../store/tables/ingest.ts'
import { type FirstSeen, knownBefore, releaseOf } from '../suppress/ages.ts'
import type { Subject } from './changes.ts'

/*
 * What the brakes of isolating ask beside the trouble itself. Enters: signals. Leaves: how many kinds of evidence there are on their
 * machines, how large their sites are, and whether what found them is young. Promises: a round without security asks nothing; what
 * waits unhandled counts as well, because it is committed.
 */

export interface Evidenced {
  /** Kinds of evidence on this machine in the last minutes; at least one. */
  kindsOn(endpointId: string): number
  /** Machines that stand where it does; 0: not counted. */
  machinesAt(subject: Subject): number
  /** What found this came to the fleet less than a day ago, or is a rule that nobody has armed. */
  isYoung(signal: Found): boolean
  /** Names that the fleet doesn't know yet. */
  firstSeen: readonly FirstSeen[]
}

type Found = { endpoint_id: string | null; kind: string; facts: string }

export const isUnarmed = ({ facts }: Pick<Found, 'facts'>): boolean => (JSON.parse(facts) as { armed?: unknown }).armed !== true

export const noEvidence: Evidenced = { kindsOn: () => 1, machinesAt: () => 0, isYoung: () => false, firstSeen: [] }

const isEvidence = (kind: string): boolean => evidenceOf.kinds.some((each) => each === kind)
/** Counted as a kind of evidence on its machine. */
export const counts = ({ kind, severity, state }: Pick<SignalsTable, 'kind' | 'severity' | 'state'>): boolean =>
  isEvidence(kind) && evidenceOf.severities.some((each) => each === severity) && state !== 'cleared'
export const isRule = (kind: string): boolean => kind.startsWith('security.sigma.')

export async function loadEvidence(db: Kysely<Database>, signals: readonly Found[], now: number): Promise<Evidenced> {
  const found = signals.filter(({ kind }) => kind.startsWith('security.'))
  if (found.length === 0) return noEvidence
  const machinesOf = (of: readonly Found[]): string[] => [...new Set(of.flatMap(({ endpoint_id }) => endpoint_id ?? []))]
  const accused = machinesOf(found.filter(({ kind }) => isEvidence(kind)))
  const rules = [...new Set(found.flatMap(({ kind }) => (isRule(kind) ? kind : [])))]
  const [kinds, releases] = await Promise.all([kindsOf(db, accused, now), releasesOf(db, machinesOf(found))])
  const isDoubled = [...kinds.values()].some((count) => count > 1)
  const [known, old, sizes] = await Promise.all([
    knownBefore(db, rules, now),
    knownBefore(db, [...rules, ...new Set(releases.values())], now - youngForMs),
    isDoubled ? sizesOf(db, accused) : undefined,
  ])
  return {
    kindsOn: (endpointId) => kinds.get(endpointId) ?? 1,
    machinesAt: ({ organisation, site }) => sizes?.get(placeOf(organisation.id, site?.id ?? null)) ?? 0,
    isYoung: (signal) => {
      if (isRule(signal.kind) && (isUnarmed(signal) || !old.has(signal.kind))) return true
      const release = releases.get(signal.endpoint_id ?? '')
      return release !== undefined && !old.has(release)
    },
    firstSeen: found
      .filter(({ kind }) => isRule(kind) && !known.has(kind))
      .map(({ kind, endpoint_id }) => ({ name: kind, endpointId: endpoint_id ?? '' })),
  }
}

/** A question may have stood for minutes since the evidence came. */
export const askedBeforeMs = minutes(5)
export const kindsWhenAsked = (db: Kysely<Database>, endpointIds: readonly string[], now: number): Promise<Map<string, number>> =>
  kindsOf(db, endpointIds, now - askedBeforeMs)

async function kindsOf(db: Kysely<Database>, endpointIds: readonly string[], now: number): Promise<Map<string, number>> {
  if (endpointIds.length === 0) return new Map()
  const rows = await db
    .selectFrom('signals')
    .select(['endpoint_id', 'kind'])
    .distinct()
    .where('endpoint_id', 'in', endpointIds)
    .where('received_at', '>', now - evidenceOf.withinMs)
    .where('kind', 'in', evidenceOf.kinds)
    .where('severity', 'in', evidenceOf.severities)
    .where('state', '!=', 'cleared')
    .execute()
  return new Map([...Map.groupBy(rows, ({ endpoint_id }) => endpoint_id ?? '')].map(([id, found]) => [id, found.length]))
}

/** By endpoint; of one that never said hello nothing is known. */
export async function releasesOf(db: Kysely<Database>, endpointIds: readonly string[]): Promise<Map<string, string>> {
  if (endpointIds.length === 0) return new Map()
  const rows = await db.selectFrom('presences').select(['endpoint_id', 'agent_version']).where('endpoint_id', 'in', endpointIds).execute()
  return new Map(rows.map(({ endpoint_id, agent_version }) => [endpoint_id, releaseOf(agent_version)]))
}

/** Asked only where there are two kinds of evidence. */
async function sizesOf(db: Kysely<Database>, endpointIds: readonly string[]): Promise<Map<string, number>> {
  const rows = await db
    .selectFrom('endpoints')
    .select(({ fn }) => ['organisation_id', 'site_id', fn.countAll<number>().as('machines')])
    .where('organisation_id', 'in', (from) => from.selectFrom('endpoints').select('organisation_id').where('id', 'in', endpointIds))
    .where('removed_at', 'is', null)
    .groupBy(['organisation_id', 'site_id'])
    .execute()
  return new Map(rows.map(({ organisation_id, site_id, machines }) => [placeOf(organisation_id, site_id), Number(machines)]))
}

const placeOf = (organisationId: string, siteId: string | null): string => `${organisationId} ${siteId ?? ''}`
