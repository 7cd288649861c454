import { isSecurity } from '#shared/domain/signal.ts'
import { minutes } from '#shared/domain/time.ts'
import { type Came, type Crowds, createCrowds, type Loaded } from '../correlate/crowds.ts'
import { comingBy, listenTo, type OpenOn } from '../correlate/loudness.ts'
import {
  crowdedSites,
  fingerprintsOver,
  gatheredOf,
  kindsOf,
  type Opener,
  type Place,
  placeOf,
  placesOf,
  surgingKinds,
} from '../correlate/near.ts'
import { limitsOf, noisyKinds, type Voice, voiceOf, voices } from '../correlate/noisy.ts'
import type { Under } from '../desk/children.ts'
import type { Subject, TicketCase } from '../pipeline/changes.ts'
import type { SignalRow } from '../pipeline/world.ts'
import type { Matrix } from '../route/matrix.ts'
import type { TicketsTable } from '../store/tables/ticket.ts'

/*
 * What tickets in memory stand among: the same that load-crowds.ts reads of a store, for desks that are played. Holds no more
 * of what ended than the matrix looks back.
 */

export interface Gatherings {
  /** A ticket as it stands from now on. */
  took(ticket: TicketsTable): void
  /** It counts towards how loud its machine or source is. */
  heard(signal: Pick<SignalRow, 'endpoint_id' | 'source_id' | 'received_at' | 'age_ms'>): void
  among(openers: readonly Opener[], parentIds: readonly string[], matrix: Matrix, now: number): Crowds
  /** A trouble is on a loud machine's ticket (null: on none any more) and has none of its own. */
  held(trouble: string, ticketId: string | null): void
  /** What is open under a ticket. */
  childrenOf(parentId: string): TicketCase[]
  underOf(parent: Pick<TicketsTable, 'id'>, since: number): Under
  /** Whether the ticket over this one is, or is in, a storm. */
  isInStorm(ticket: Pick<TicketsTable, 'parent_id'>): boolean
}

export interface Among {
  caseOf(ticketId: string): TicketCase | undefined
  /** How many machines there are; on each site. */
  machines: number
  siteSizes: ReadonlyMap<string, number>
  provider: Subject | undefined
}

/** Kinds whose news is no older than any matrix looks back. */
const keptMs = minutes(60)

export function createGatherings({ caseOf, machines, siteSizes, provider }: Among): Gatherings {
  const rows = new Map<string, TicketsTable>()
  const over = createSets()
  const openOn = createSets()
  const under = new Map<string, Map<string, Pick<TicketsTable, 'endpoint_id' | 'came_at'>>>()
  const lately = new Map<string, { id: string; at: number }[]>()
  const said = new Map<string, number[]>()
  const held = new Map<string, string>()

  const place = (before: TicketsTable | undefined, { id, parent_id, endpoint_id, came_at }: TicketsTable): void => {
    if (before?.parent_id != null && before.parent_id !== parent_id) under.get(before.parent_id)?.delete(id)
    if (parent_id === null) return
    const theirs = under.get(parent_id) ?? new Map()
    under.set(parent_id, theirs.set(id, { endpoint_id, came_at }))
  }
  const count = (ticket: TicketsTable, isOpen: boolean): void => {
    const voice = voiceOf(ticket)
    if (voice) openOn.put(voice.id, ticket.id, isOpen)
    else if (ticket.gathers !== null) over.put(ticket.fingerprint, ticket.id, isOpen)
  }
  const came = ({ id, kind, came_at: at }: TicketsTable): void => {
    forget(kind, at - keptMs)
    const known = lately.get(kind)
    if (known) known.push({ id, at })
    else lately.set(kind, [{ id, at }])
  }
  /** Of what is older nobody asks. */
  const forget = (kind: string, before: number): void => {
    const all = lately.get(kind) ?? []
    while (all[0] && all[0].at <= before) {
      const { id } = all.shift() ?? { id: '' }
      if (rows.get(id)?.resolved_at != null) rows.delete(id)
    }
  }
  /** Looked for from the newest on, because most of what is kept is older. */
  const recentOf = (kind: string, since: number): TicketsTable[] => {
    const all = lately.get(kind) ?? []
    const found: TicketsTable[] = []
    for (let place = all.length - 1; place >= 0; place -= 1) {
      const { id, at } = all[place] ?? { id: '', at: since }
      if (at <= since) break
      const row = rows.get(id)
      if (row?.came_at === at) found.push(row)
    }
    return found.reverse()
  }
  const parentsOf = (fingerprints: readonly string[], ids: readonly string[]): TicketsTable[] =>
    [...new Set([...fingerprints.flatMap(over.of), ...ids])].flatMap((id) => {
      const row = rows.get(id)
      return row && row.resolved_at === null ? [row] : []
    })
  const openOf = (voiceId: string, by: Voice['by']): OpenOn => {
    const theirs = openOn.of(voiceId).flatMap((id) => rows.get(id) ?? [])
    const security = theirs.filter(({ kind }) => isSecurity(kind)).length
    const noisy = theirs.filter(({ kind }) => kind === noisyKinds[by]).length
    return { voiceId, security, others: theirs.length - security - noisy, isNoisy: noisy > 0 }
  }
  const loudBy = (by: Voice['by'], openers: readonly Opener[], matrix: Matrix, now: number) => {
    const coming = comingBy(openers, by)
    const open = [...coming.keys()].map((id) => openOf(id, by))
    const listening = listenTo(coming, open, limitsOf(matrix, by))
    const since = now - minutes(1)
    return listening.with(
      new Map(listening.several.map((id) => [id, (said.get(id) ?? []).reduce((count, at) => count + Number(at > since), 0)])),
    )
  }
  const casesOf = (ids: Iterable<string>): TicketCase[] => [...new Set(ids)].flatMap((id) => caseOf(id) ?? [])
  return {
    took(ticket) {
      const before = rows.get(ticket.id)
      place(before, ticket)
      const isOpen = ticket.resolved_at === null
      const isForgotten = ticket.resolved_at !== null && ticket.resolved_at - ticket.came_at >= keptMs
      if (isForgotten) rows.delete(ticket.id)
      else rows.set(ticket.id, ticket)
      // Where a ticket is counted stays; whether it still is changes twice in a life.
      if (!before || (before.resolved_at === null) !== isOpen) count(ticket, isOpen)
      if (!isForgotten && before?.came_at !== ticket.came_at) came(ticket)
    },
    heard({ received_at, age_ms, ...from }) {
      const voice = voiceOf(from)
      if (!voice || age_ms >= minutes(1)) return
      const times = said.get(voice.id) ?? []
      while ((times[0] ?? received_at) < received_at - minutes(1)) times.shift()
      times.push(received_at)
      said.set(voice.id, times)
    },
    among(openers, parentIds, matrix, now) {
      const gathered = gatheredOf(openers)
      const { site, storm } = matrix.gathering
      const places = placesOf(gathered, matrix)
      const recent = kindsOf(gathered).flatMap((kind) => recentOf(kind, now - Math.max(site.within, storm.within)))
      const parents = parentsOf(fingerprintsOver(gathered, places), parentIds)
      const counted = countCame(recent.filter(({ came_at }) => came_at > now - storm.within))
      const onSites = recent.filter((ticket) => ticket.came_at > now - site.within && isOnSite(ticket, places)).sort(byNumber)
      const listened = voices.map((by) => loudBy(by, openers, matrix, now))
      const [heard, loud] = [listened.flatMap((each) => each.heard), listened.flatMap((each) => each.loud)]
      const surging = new Set(surgingKinds(gathered, counted, matrix))
      const surged = recent.filter(
        ({ kind, came_at, status, parent_id }) =>
          surging.has(kind) && came_at > now - storm.within && status === 'new' && parent_id === null,
      )
      const sites = parents.filter(({ gathers }) => gathers === 'site')
      const crowded = crowdedSites(places, sites, onSites, gathered, matrix)
      const crowding = onSites.filter((ticket) => crowded.has(placeOf(ticket)))
      const known = [...parents, ...crowding].map(({ id }) => id)
      const loaded: Loaded = {
        ...{ came: counted, onSites, siteSizes, heard, fleet: surging.size === 0 ? null : machines, provider },
        cases: casesOf([...known, ...loud.flatMap(openOn.of), ...surged.map(({ id }) => id)]),
        underSites: sites.flatMap(({ id }) =>
          [...(under.get(id)?.values() ?? [])].map(({ endpoint_id }) => ({ parentId: id, endpointId: endpoint_id })),
        ),
      }
      return createCrowds(loaded, matrix)
    },
    held(trouble, ticketId) {
      if (ticketId === null) held.delete(trouble)
      else held.set(trouble, ticketId)
    },
    childrenOf: (parentId) =>
      casesOf(under.get(parentId)?.keys() ?? [])
        .filter(({ ticket }) => ticket.resolved_at === null)
        .sort((a, b) => byNumber(a.ticket, b.ticket)),
    underOf({ id }, since) {
      const theirs = [...(under.get(id) ?? [])]
      const isTrue = (childId: string): boolean => rows.get(childId)?.is_standing === 1 && rows.get(childId)?.resolved_at === null
      return {
        lately: theirs.filter(([, { came_at }]) => came_at > since).length,
        isStillTrue: theirs.some(([childId]) => isTrue(childId)) || [...held.values()].includes(id),
      }
    },
    isInStorm({ parent_id }) {
      const parent = rows.get(parent_id ?? '')
      return parent?.gathers === 'storm' || (parent?.parent_id != null && parent.gathered_by === 'storm')
    },
  }
}

const byNumber = (a: TicketsTable, b: TicketsTable): number => a.number - b.number

const isOnSite = (ticket: TicketsTable, places: ReadonlyMap<string, Place>): boolean =>
  ticket.resolved_at === null && ticket.parent_id === null && ticket.endpoint_id !== null && places.has(placeOf(ticket))

function countCame(recent: readonly TicketsTable[]): Came[] {
  const counted = recent.filter(({ endpoint_id, gathered_by }) => endpoint_id !== null && gathered_by !== 'storm')
  return [...Map.groupBy(counted, ({ kind, organisation_id }) => `${kind} ${organisation_id}`).values()].flatMap((theirs) => {
    const [first] = theirs
    if (!first) return []
    const machines = new Set(theirs.map(({ endpoint_id }) => endpoint_id)).size
    return [{ kind: first.kind, organisationId: first.organisation_id, tickets: theirs.length, machines }]
  })
}

function createSets() {
  const sets = new Map<string, Set<string>>()
  return {
    of: (key: string): string[] => [...(sets.get(key) ?? [])],
    put(key: string, value: string, isIn: boolean): void {
      const known = sets.get(key)
      if (isIn && known) known.add(value)
      else if (isIn) sets.set(key, new Set([value]))
      else if (known?.delete(value) && known.size === 0) sets.delete(key)
    },
  }
}
