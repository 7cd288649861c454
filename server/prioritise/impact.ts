import type { Role } from '#shared/domain/endpoint.ts'
import { Impact } from '#shared/domain/priority.ts'
import { isSecurity } from '#shared/domain/signal.ts'
import type { Subject, Trouble } from '../pipeline/changes.ts'
import type { Matrix } from '../route/matrix.ts'
import type { Circumstances } from './prioritise.ts'

/*
 * How much is hit: the highest of what the machine is, what threatens it, how many have it, what it is tagged and what
 * was stated. Whoever submitted it is not looked at.
 */

export type Counted = Exclude<Role, 'unknown'>
export const roleNames: Record<Counted, string> = { workstation: 'workstation', server: 'server', core: 'core machine' }

export interface Found {
  impact: Impact
  why: string
}

/** A person's request that names no machine counts as from a workstation; a machine nobody knows counts as a server. */
export function countedRole(trouble: Trouble, subject: Subject): Counted {
  if (!subject.endpoint && trouble.kind.startsWith('request.')) return 'workstation'
  return subject.role === 'unknown' ? 'server' : subject.role
}

/** Of this machine, however many there are. */
export function impactOfOne({ impact }: Pick<Matrix, 'impact'>, trouble: Trouble, subject: Subject, circumstances: Circumstances): Found {
  const role = countedRole(trouble, subject)
  const byRole = { impact: impact.byRole[role], why: `it hits a ${roleNames[role]}` }
  const threat = byThreat(impact, trouble, role)
  // Facts of machines are read by few routes and parsed only then; what people answer is in those of their requests.
  const answers = trouble.kind.startsWith('request.') ? byFacts(impact, trouble) : []
  return [threat, ...answers, ...byTags(impact, subject, circumstances)].reduce<Found>(
    (most, found) => (found && isMore(found.impact, most.impact) ? found : most),
    byRole,
  )
}

type Words = Matrix['impact']

function byThreat({ ofSecurityAtLeast }: Words, { kind, severity }: Trouble, role: Counted): Found | undefined {
  const threatens = isSecurity(kind) ? ofSecurityAtLeast[severity] : undefined
  return threatens && { impact: threatens, why: `a ${severity} security signal threatens more than one ${roleNames[role]}` }
}

function byFacts({ byFact }: Words, trouble: Trouble): Found[] {
  return Object.entries(byFact).flatMap(([name, values]) => {
    const value = trouble.facts[name]
    const impact = typeof value === 'string' ? values[value] : undefined
    return impact ? [{ impact, why: `${name} is ${String(value)}` }] : []
  })
}

function byTags({ byTag }: Words, { endpoint }: Subject, circumstances: Circumstances): Found[] {
  return (endpoint?.tags ?? []).flatMap((tag) => {
    const says = byTag[tag]
    if (!says || !isNow(says, circumstances)) return []
    const when = says.during === undefined ? '' : ` while “${says.during}” is open`
    return [{ impact: says.impact, why: `the machine is tagged ${tag}${says.daysOfMonth ? ', and this is one of its days' : when}` }]
  })
}

const isNow = ({ during, daysOfMonth }: Words['byTag'][string], { isOpen, dayOfMonth }: Circumstances): boolean =>
  (during === undefined || isOpen(during)) && (daysOfMonth === undefined || daysOfMonth.includes(dayOfMonth()))

/** By how many machines have it; undefined: too few to say more. */
export function impactOfMany({ impact }: Pick<Matrix, 'impact'>, { machines, siteMachines }: Circumstances): Found | undefined {
  if (machines < 2) return undefined
  const level = (['high', 'medium'] as const).find((each) => {
    const enough = impact.byMachines[each]
    if (!enough) return false
    const isShare = enough.sitePercent !== undefined && siteMachines !== null && machines * 100 >= enough.sitePercent * siteMachines
    return machines >= enough.machines || (isShare && machines >= enough.siteAtLeast)
  })
  const of = siteMachines === null ? '' : ` of ${siteMachines} on the site`
  return level && { impact: level, why: `${machines} machines${of} have it` }
}

/** `Impact.options` runs from high to low. */
export const isMore = (one: Impact, other: Impact): boolean => Impact.options.indexOf(one) < Impact.options.indexOf(other)
