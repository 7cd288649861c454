import { hours, minutes } from '#shared/domain/time.ts'
import type { Subject } from '../pipeline/changes.ts'
import type { Matrix } from '../route/matrix.ts'
import type { Contain } from '../route/sections/containment.ts'
import type { LoneIsolation } from './contain.ts'

/*
 * How far isolating without a person goes (pure, defaults §7). Enters: what was isolated that way lately, and how much evidence there
 * is. Leaves: whether one more still is, and what is asked instead. The numbers of the fleet and of evidence are not of the matrix,
 * because whoever widens the limits of one organisation shall not widen everybody's. Threat: a mistake of ours, or an attacker who
 * plays many attacks, cuts off a fleet.
 */

/** What says that a machine's files are being taken; two of these of different kinds are hardly a mistake. */
export const evidenceOf = {
  kinds: ['security.ransomware.canary', 'security.ransomware.encryption', 'security.ransomware.backups-destroyed'],
  severities: ['high', 'critical'],
  withinMs: minutes(10),
} as const

/** With two kinds of evidence: so many workstations, or this part of a site, whichever comes first. */
export const twoKinds = { machines: 25, ofSite: 0.5, withinMs: minutes(30) }

/** So much at once is more likely a mistake of ours than so many attacks: from then on one question is asked for all. */
export const fleet = { organisations: 3, machines: 20, withinMs: minutes(30), unansweredAfterMs: minutes(5) }

/** What found it has to be known on this fleet for so long before it isolates anything. */
export const youngForMs = hours(24)

/** What is known of a trouble beside the trouble; of what isn't said, the least. */
export interface Evidence {
  /** Kinds of evidence on this machine, with this one. */
  kinds?: number | undefined
  /** Machines where it stands; 0: not counted. */
  siteMachines?: number | undefined
}

export function isBeyondFleet(subject: Subject, lately: readonly LoneIsolation[], now: number): boolean {
  const others = lately.filter(({ endpointId, at }) => endpointId !== subject.endpoint?.id && at > now - fleet.withinMs)
  const organisations = new Set(others.map(({ organisationId }) => organisationId)).size
  return organisations >= fleet.organisations || new Set(others.map(({ endpointId }) => endpointId)).size >= fleet.machines
}

/** Beyond the fleet's limit only workstations with two kinds of evidence are isolated by themselves, and only unanswered. */
export const isBeyondDoubt = ({ role }: Subject, kinds = 1): boolean => role === 'workstation' && kinds >= 2

export const askForFleet = (subject: Subject, { kinds }: Evidence): Contain =>
  isBeyondDoubt(subject, kinds)
    ? { kind: 'ask', waitMs: fleet.unansweredAfterMs, otherwise: 'isolate' }
    : { kind: 'ask', waitMs: null, otherwise: 'leave' }

export function isBeyondLimits(
  subject: Subject,
  lately: readonly LoneIsolation[],
  { containment }: Matrix,
  { kinds, siteMachines = 0 }: Evidence,
  now: number,
): boolean {
  const ours = lately.filter(({ organisationId }) => organisationId === subject.organisation.id)
  const machines = (withinMs: number, isCounted: (each: LoneIsolation) => boolean = () => true): number => {
    const counted = ours.filter((each) => each.at > now - withinMs && isCounted(each) && each.endpointId !== subject.endpoint?.id)
    return new Set(counted.map(({ endpointId }) => endpointId)).size
  }
  const siteId = subject.site?.id ?? null
  const isHere = (each: LoneIsolation): boolean => each.siteId === siteId
  if (isBeyondDoubt(subject, kinds)) {
    const ofSite = Math.max(containment.site.machines, Math.floor(siteMachines * twoKinds.ofSite))
    return machines(twoKinds.withinMs) >= twoKinds.machines || machines(twoKinds.withinMs, isHere) >= ofSite
  }
  const { site, organisation } = containment
  return machines(site.within, isHere) >= site.machines || machines(organisation.within) >= organisation.machines
}

/** How far back the limits look. */
export const latelyMs = ({ containment }: Matrix): number =>
  Math.max(containment.site.within, containment.organisation.within, fleet.withinMs, twoKinds.withinMs)

/** One question for every machine that the fleet's limit holds. */
export const fleetKind = 'security.containment.held'

/** A trouble of our own, whatever it is joined by: a ticket of the provider's that people answer for all. No customer is named. */
export const heldByFleet = (organisationId: string) => ({
  ...{ organisationId, endpointId: null, kind: fleetKind, severity: 'critical' as const, fingerprint: 'containment.held' },
  summary: 'So many machines were isolated in the last 30 minutes that nothing more is without a person: answer here for all that are held',
  facts: {},
})
