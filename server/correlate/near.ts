import type { Subject } from '../pipeline/changes.ts'
import type { Matrix } from '../route/matrix.ts'
import type { TicketsTable } from '../store/tables/ticket.ts'
import { atMost, type Came } from './crowds.ts'
import { gathersOnSite, isGathered, mayBeStorm, siteFingerprint, stormFingerprint } from './gather.ts'

/*
 * Among what signals may open tickets, and what of it can matter (pure): whoever reads, from a store or from memory, reads no more.
 */

/** A signal that may open a ticket. */
export interface Opener {
  kind: string
  subject: Subject
  sourceId: string | null
}

type Words = Pick<Matrix, 'gathering'>

export const gatheredOf = (openers: readonly Opener[]): Opener[] =>
  openers.filter(({ kind, subject }) => subject.endpoint && isGathered(kind))

export const kindsOf = (openers: readonly Opener[]): string[] => [...new Set(openers.map(({ kind }) => kind))]

export interface Place {
  siteId: string
  kind: string
}

/** Of the sites where one more of a kind may be one too many, by the fingerprint of what would be over them. */
export function placesOf(openers: readonly Opener[], { gathering }: Words): Map<string, Place> {
  const places = openers.flatMap(({ kind, subject }) =>
    subject.site && gathersOnSite(kind, gathering.site) ? [{ siteId: subject.site.id, kind }] : [],
  )
  return new Map(places.map((place) => [siteFingerprint(place.siteId, place.kind), place]))
}

/** By what the tickets over these would be found. */
export const fingerprintsOver = (openers: readonly Opener[], places: ReadonlyMap<string, Place>): string[] => [
  ...kindsOf(openers).map(stormFingerprint),
  ...places.keys(),
]

export const placeOf = ({ site_id, kind }: Pick<TicketsTable, 'site_id' | 'kind'>): string => siteFingerprint(site_id ?? '', kind)

/** Where a ticket is over others, or may be after this round. */
export function crowdedSites(
  places: ReadonlyMap<string, Place>,
  sites: readonly TicketsTable[],
  onSites: readonly TicketsTable[],
  openers: readonly Opener[],
  { gathering }: Words,
): Map<string, Place> {
  const standing = new Set(sites.map(({ fingerprint }) => fingerprint))
  const counts = new Map<string, number>()
  const count = (fingerprint: string): void => void counts.set(fingerprint, (counts.get(fingerprint) ?? 0) + 1)
  for (const ticket of onSites) count(placeOf(ticket))
  for (const { kind, subject } of openers) count(siteFingerprint(subject.site?.id ?? '', kind))
  return new Map([...places].filter(([each]) => standing.has(each) || (counts.get(each) ?? 0) >= gathering.site.machines))
}

/** Of which kinds there may be a storm after this round. */
export const surgingKinds = (openers: readonly Opener[], came: readonly Came[], { gathering }: Words): string[] =>
  kindsThat(openers, came, (most) => mayBeStorm(most, gathering))

/** Which kinds came from so many organisations that it matters how often. */
export const scatteredKinds = (openers: readonly Opener[], came: readonly Came[], { gathering }: Words): string[] =>
  kindsThat(openers, came, ({ organisations }) => organisations >= gathering.storm.organisations)

function kindsThat(openers: readonly Opener[], came: readonly Came[], fits: (most: ReturnType<typeof atMost>) => boolean): string[] {
  const ofKind = Map.groupBy(openers, ({ kind }) => kind)
  const cameOfKind = Map.groupBy(came, ({ kind }) => kind)
  return [...ofKind].flatMap(([kind, theirs]) => {
    const most = atMost(
      cameOfKind.get(kind) ?? [],
      theirs.map(({ subject }) => subject.organisation.id),
    )
    return fits(most) ? [kind] : []
  })
}
