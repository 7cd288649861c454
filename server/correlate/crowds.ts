import type { Subject, TicketCase, Trouble } from '../pipeline/changes.ts'
import type { Matrix } from '../route/matrix.ts'
import type { TicketsTable } from '../store/tables/ticket.ts'
import { type Crowd, gathersOnSite, isGathered, mayBeGathered, type Surge, siteFingerprint, stormFingerprint } from './gather.ts'
import { createLoudest, type Heard, type Loudest } from './loudness.ts'

/** How many tickets of a kind came lately in one organisation. */
export interface Came {
  kind: string
  organisationId: string
  tickets: number
  machines: number
}

/** What was there before a round. */
export interface Loaded {
  /** Tickets over others, and those that may go under one. */
  cases: readonly TicketCase[]
  came: readonly Came[]
  /** What came on sites lately and stands alone. */
  onSites: readonly Pick<TicketsTable, 'site_id' | 'kind' | 'endpoint_id'>[]
  /** Which machines have a ticket under which one. */
  underSites: readonly { parentId: string | null; endpointId: string | null }[]
  siteSizes: ReadonlyMap<string, number>
  /** How loud the machines and sources are that may open a ticket. */
  heard: readonly Heard[]
  fleet: number | null
  provider: Subject | undefined
}

/** What the tickets of a round stand among, counted on while it is decided: each sees those before it. */
export interface Crowds {
  readonly cases: readonly TicketCase[]
  /** Whose ticket a storm is: the provider's own organisation, the first there was. */
  readonly provider: Subject | undefined
  /** undefined: a ticket of this trouble stands alone whatever else there is. */
  of(trouble: Trouble, subject: Subject, caseOf: (ticketId: string) => TicketCase | undefined): Crowd | undefined
  /** What is open of whoever may be too loud. */
  loudOf: Loudest['of']
  /** A ticket as it stands from now on. */
  took(work: TicketCase): void
}

export function createCrowds(loaded: Loaded, { gathering }: Pick<Matrix, 'gathering'>): Crowds {
  const counted = new Set<string>()
  const over = new Map<string, string>()
  const siblings = new Map<string, Set<string>>()
  const onSite = new Map<string, Set<string>>()
  const came = Map.groupBy(loaded.came, ({ kind }) => kind)
  const tallies = new Map<string, Tally>()

  const add = (map: Map<string, Set<string>>, key: string, value: string): void => {
    const known = map.get(key)
    if (known) known.add(value)
    else map.set(key, new Set([value]))
  }
  /** By what a ticket would be found were it over others, or beside others. */
  const know = ({ ticket }: TicketCase): void => {
    if (ticket.gathers !== null) {
      if (ticket.resolved_at === null) over.set(ticket.fingerprint, ticket.id)
      if (ticket.gathers !== 'site') return
    }
    if (!isGathered(ticket.kind)) return
    add(siblings, stormFingerprint(ticket.kind), ticket.id)
    if (ticket.site_id === null || ticket.gathers !== null || !gathersOnSite(ticket.kind, gathering.site)) return
    const fingerprint = siteFingerprint(ticket.site_id, ticket.kind)
    add(siblings, fingerprint, ticket.id)
    if (ticket.endpoint_id !== null) add(onSite, fingerprint, ticket.endpoint_id)
  }
  const loudest = createLoudest(loaded.heard, loaded.cases)
  for (const { site_id, kind, endpoint_id } of loaded.onSites) add(onSite, siteFingerprint(site_id ?? '', kind), endpoint_id ?? '')
  for (const work of loaded.cases) know(work)
  const parentsById = new Map(loaded.cases.map(({ ticket }) => [ticket.id, ticket.fingerprint]))
  for (const { parentId, endpointId } of loaded.underSites) add(onSite, parentsById.get(parentId ?? '') ?? '', endpointId ?? '')

  const tallyOf = (kind: string): Tally => {
    const tally = tallies.get(kind) ?? tallyFrom(came.get(kind) ?? [])
    tallies.set(kind, tally)
    return tally
  }
  const surgeOf = (kind: string, { organisation, endpoint }: Subject): Surge => {
    const { tickets, machinesBefore, machines, organisations } = tallyOf(kind)
    return {
      tickets: tickets + 1,
      machines: machinesBefore + sizeWith(machines, endpoint?.id ?? ''),
      organisations: sizeWith(organisations, organisation.id),
      fleet: loaded.fleet,
    }
  }
  return {
    cases: loaded.cases,
    provider: loaded.provider,
    of({ kind }, subject, caseOf) {
      if (!subject.endpoint || !isGathered(kind)) return undefined
      const openBy = (fingerprint: string): TicketCase | undefined => {
        const id = over.get(fingerprint)
        const work = id === undefined ? undefined : caseOf(id)
        return work && work.ticket.resolved_at === null ? work : undefined
      }
      const fingerprints = { site: siteFingerprint(subject.site?.id ?? '', kind), storm: stormFingerprint(kind) }
      return {
        storm: openBy(fingerprints.storm),
        site: openBy(fingerprints.site),
        surge: surgeOf(kind, subject),
        siteMachines: subject.site ? sizeWith(onSite.get(fingerprints.site) ?? new Set(), subject.endpoint.id) : 0,
        siteSize: loaded.siteSizes.get(subject.site?.id ?? '') ?? null,
        siblings: (gathers) => [...(siblings.get(fingerprints[gathers]) ?? [])].flatMap((id) => caseOf(id) ?? []).filter(mayBeGathered),
      }
    },
    loudOf: loudest.of,
    took(work) {
      const { ticket } = work
      if (counted.has(ticket.id)) return
      const comes = work.isNew || work.entries.some(({ kind }) => kind === 'reopened')
      if (!comes) return
      counted.add(ticket.id)
      know(work)
      loudest.took(work)
      if (ticket.endpoint_id === null || !isGathered(ticket.kind)) return
      const tally = tallyOf(ticket.kind)
      tally.tickets += 1
      tally.machines.add(ticket.endpoint_id)
      tally.organisations.add(ticket.organisation_id)
    },
  }
}

/** What came of one kind. */
interface Tally {
  tickets: number
  /** Which ones they were isn't read: in this round a machine may count once more. */
  machinesBefore: number
  machines: Set<string>
  organisations: Set<string>
}

function tallyFrom(came: readonly Came[]): Tally {
  const sum = (countOf: (each: Came) => number): number => came.reduce((total, each) => total + countOf(each), 0)
  return {
    tickets: sum(({ tickets }) => tickets),
    machinesBefore: sum(({ machines }) => machines),
    machines: new Set(),
    organisations: new Set(came.map(({ organisationId }) => organisationId)),
  }
}

const sizeWith = (set: ReadonlySet<string>, one: string): number => set.size + (set.has(one) ? 0 : 1)

/** What there would be were each of these a ticket on a machine of its own. */
export function atMost(came: readonly Came[], organisationIds: readonly string[]): Omit<Surge, 'fleet'> {
  const { tickets, machinesBefore, organisations } = tallyFrom(came)
  const count = organisationIds.length
  return { tickets: tickets + count, machines: machinesBefore + count, organisations: new Set([...organisations, ...organisationIds]).size }
}
