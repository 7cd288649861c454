import type { GoodbyeReason, Role } from '#shared/domain/endpoint.ts'
import { hours, minutes } from '#shared/domain/time.ts'
import type { OwnTrouble } from '../ingest/rows.ts'
import type { SilencesTable, SiteSilencesTable } from '../store/tables/presence.ts'
import { fallOf, type Gone } from './site-fall.ts'
import { machineBack, machineSilent, siteBack, siteSilent } from './words.ts'

/*
 * Who is silent, and what to say of it (pure). Enters: the machines that are away or of which something was said, their
 * sites, and what we ourselves could see. Leaves: signals, and what is to be remembered so that each is said once.
 * Promises: nobody is silent before they had their chance to return since we could last see again; a site's silence is
 * decided before its machines' own, and covers them.
 */

export interface SilenceLimits {
  /** Who went without a word. A machine nobody knows counts as a server. */
  unannouncedMs: Record<Exclude<Role, 'unknown'>, number>
  rebootMs: number
  shutdownMs: number
  /** A site falls silent when so many, and such a share of those that were there before, go within one window. */
  site: { machines: number; share: number; withinMs: number; thereBeforeMs: number; settleMs: number }
}

export const defaultLimits: SilenceLimits = {
  unannouncedMs: { workstation: minutes(5), server: minutes(5), core: minutes(3) },
  rebootMs: minutes(20),
  shutdownMs: hours(12),
  // Window and settling together are no longer than the shortest limit of one machine, or that would be said first.
  site: { machines: 3, share: 0.5, withinMs: minutes(2), thereBeforeMs: minutes(5), settleMs: minutes(1) },
}

export interface Machine {
  endpointId: string
  organisationId: string
  siteId: string | null
  hostname: string
  role: Role
  isAway: boolean
  lastHeardAt: number
  goodbye: GoodbyeReason | null
  said: Pick<SilencesTable, 'said' | 'said_at' | 'site_id'> | null
}

export interface Site {
  id: string
  organisationId: string
  name: string
  connected: number
  /** How many machines its standing silence has covered; null: none stands. */
  covered: number | null
}

/** What we could see: nothing between `lostAt` and `since`, everything from then on. */
export interface Sight {
  lostAt: number
  since: number
}

export interface Judgement {
  signals: OwnTrouble[]
  said: SilencesTable[]
  /** Of whom nothing is said any more. */
  returned: string[]
  sites: SiteSilencesTable[]
  sitesBack: string[]
}

export function decide(fleet: { machines: Machine[]; sites: Site[] }, sight: Sight, limits: SilenceLimits, now: number): Judgement {
  const judgement: Judgement = { signals: [], said: [], returned: [], sites: [], sitesBack: [] }
  const [away, there] = partition(fleet.machines, ({ isAway }) => isAway)
  for (const machine of there) takeBack(judgement, machine)
  const counted = away.filter(({ said }) => said === null || said.said === 'excused')
  for (const site of fleet.sites) {
    const ofSite = away.filter(({ siteId, said }) => (said?.site_id ?? siteId) === site.id)
    const silent = judgeSite(judgement, site, ofSite, sight, limits, now)
    for (const machine of counted.filter(({ siteId }) => siteId === site.id)) judgeMachine(judgement, machine, silent, sight, limits, now)
    keepSite(judgement, site, silent, now)
  }
  const known = new Set(fleet.sites.map(({ id }) => id))
  const elsewhere = counted.filter(({ siteId }) => siteId === null || !known.has(siteId))
  for (const machine of elsewhere) judgeMachine(judgement, machine, undefined, sight, limits, now)
  return judgement
}

/** Its standing silence with those that it covers, as it grows while its machines are judged. */
interface SilentSite {
  id: string
  covered: Set<string>
}

function takeBack({ returned, signals }: Judgement, machine: Machine): void {
  if (machine.said === null) return
  returned.push(machine.endpointId)
  if (machine.said.said === 'silent') signals.push(machineBack(machine))
}

function judgeSite(
  judgement: Judgement,
  site: Site,
  away: Machine[],
  sight: Sight,
  limits: SilenceLimits,
  now: number,
): SilentSite | undefined {
  if (site.covered === null) {
    const gone = away.filter(({ said }) => said === null).map((machine): Gone => ({ machine, ...goneOf(machine, sight, limits, now) }))
    const fall = fallOf(gone, site.connected, sight, limits, now)
    if (!fall) return undefined
    judgement.signals.push(siteSilent(site, fall))
    const covered = new Set(fall.machines.map(({ endpointId }) => endpointId))
    judgement.said.push(...[...covered].map((id) => saidOf(id, 'with-site', now, site.id)))
    return { id: site.id, covered }
  }
  const still = away.filter(({ said }) => said?.said === 'with-site')
  if (still.length * 2 >= site.covered) return { id: site.id, covered: new Set() }
  judgement.signals.push(siteBack(site, still.length))
  judgement.sitesBack.push(site.id)
  judgement.said.push(...still.map(({ endpointId }) => saidOf(endpointId, 'excused', now, null)))
  return undefined
}

function judgeMachine(
  judgement: Judgement,
  machine: Machine,
  site: SilentSite | undefined,
  sight: Sight,
  limits: SilenceLimits,
  now: number,
): void {
  if (site?.covered.has(machine.endpointId) || now < dueAt(machine, sight, limits, now)) return
  if (site && !isAnnounced(machine)) {
    site.covered.add(machine.endpointId)
    judgement.said.push(saidOf(machine.endpointId, 'with-site', now, site.id))
  } else {
    judgement.said.push(saidOf(machine.endpointId, 'silent', now, null))
    judgement.signals.push(machineSilent(machine, now))
  }
}

function keepSite({ sites }: Judgement, site: Site, silent: SilentSite | undefined, now: number): void {
  if (!silent || silent.covered.size === 0) return
  const machines = (site.covered ?? 0) + silent.covered.size
  sites.push({ site_id: site.id, organisation_id: site.organisationId, said_at: now, machines })
}

/** `stop` announces nothing: an agent that somebody stopped doesn't come back by itself, and the machine should be there. */
export const isAnnounced = ({ goodbye }: Pick<Machine, 'goodbye'>): boolean => goodbye !== null && goodbye !== 'stop'

/** From which instant its silence counts; whoever was there when we lost sight has from when we see again. */
function goneOf(machine: Machine, { lostAt, since }: Sight, { site }: SilenceLimits, now: number): Omit<Gone, 'machine'> {
  const { lastHeardAt } = machine
  const isUnseen = lastHeardAt > now || (lastHeardAt <= since && lastHeardAt >= lostAt - site.thereBeforeMs)
  return { isUnseen, at: isUnseen ? since : lastHeardAt, isAnnounced: isAnnounced(machine) }
}

function dueAt({ role, goodbye, lastHeardAt, said }: Machine, { since }: Sight, limits: SilenceLimits, now: number): number {
  const chanceMs = limits.unannouncedMs[role === 'unknown' ? 'server' : role]
  const limitMs = {
    reboot: limits.rebootMs,
    update: limits.rebootMs,
    shutdown: limits.shutdownMs,
    sleep: limits.shutdownMs,
    stop: chanceMs,
  }
  // Heard of later than now: somebody set our clock back, and only what we saw since counts.
  const heardAt = lastHeardAt > now ? since : lastHeardAt
  return Math.max(heardAt + (goodbye === null ? chanceMs : limitMs[goodbye]), since + chanceMs, (said?.said_at ?? 0) + chanceMs)
}

const saidOf = (endpoint_id: string, said: SilencesTable['said'], said_at: number, site_id: string | null): SilencesTable => ({
  ...{ endpoint_id, said, said_at, site_id },
})

function partition<Item>(items: readonly Item[], isFirst: (item: Item) => boolean): [Item[], Item[]] {
  return [items.filter(isFirst), items.filter((item) => !isFirst(item))]
}
