import { Role } from '#shared/domain/endpoint.ts'
import { compareSeverity, Severity } from '#shared/domain/severity.ts'
import { SignalState } from '#shared/domain/signal.ts'
import type { FactCondition, FactConditions, Route } from './sections/routes.ts'

/*
 * What a route takes, compared with what another takes, without a signal at hand. What has few values (severity, role,
 * source, state) is enumerated: a cell is one of each. What has no end (facts, tags, organisations, words) is compared by
 * what one condition says of another; where that isn't plain, neither is taken to cover the other.
 */

const sources = ['agent', 'source', 'collector', 'person'] as const

/** One severity, role, source and state. */
export interface Cell {
  severity: Severity
  role: Role
  source: (typeof sources)[number]
  state: SignalState
}

export const cells: readonly Cell[] = Severity.options.flatMap((severity) =>
  Role.options.flatMap((role) => sources.flatMap((source) => SignalState.options.map((state) => ({ severity, role, source, state })))),
)

export const hasCell = (route: Route, { severity, role, source, state }: Cell): boolean =>
  (!route.severity || (compareSeverity(severity, route.severity.atLeast) >= 0 && compareSeverity(severity, route.severity.atMost) <= 0)) &&
  (!route.role || route.role.includes(role)) &&
  (!route.source || route.source.includes(source)) &&
  (!route.state || route.state.includes(state))

/** Every kind that fits `other` fits `pattern`. */
export const coversKind = (pattern: string, other: string): boolean =>
  pattern === '*' || pattern === other || (pattern.endsWith('.*') && other.startsWith(pattern.slice(0, -1)))

/** Some kind may fit both. */
export const meetsKind = (one: string, other: string): boolean => coversKind(one, other) || coversKind(other, one)

/** Whatever has no end: `route` asks for all that `earlier` asks for, so what fits the one fits the other. */
export function asksAll(route: Route, earlier: Route): boolean {
  return (
    isWithin(route.tags, earlier.tags) &&
    isWithin(route.organisation, earlier.organisation) &&
    isWithin(route.words?.said, earlier.words?.said) &&
    alternatives(route).every((ours) => alternatives(earlier).some((theirs) => implies(ours, theirs)))
  )
}

const isWithin = (ours: readonly string[] | undefined, theirs: readonly string[] | undefined): boolean =>
  theirs === undefined || (ours?.every((each) => theirs.includes(each)) ?? false)

const alternatives = ({ facts, anyOf }: Route): FactConditions[] => (anyOf ?? [{}]).map((each) => ({ ...facts, ...each }))

const implies = (ours: FactConditions, theirs: FactConditions): boolean =>
  Object.entries(theirs).every(([name, condition]) => {
    const own = ours[name]
    return own !== undefined && isNarrower(own, condition)
  })

function isNarrower(ours: FactCondition, theirs: FactCondition): boolean {
  const values = ours.is === undefined ? ours.oneOf : [ours.is]
  if (values) return values.every((value) => allows(theirs, value))
  if (theirs.is !== undefined || theirs.oneOf !== undefined) return false
  const isAbove = theirs.atLeast === undefined || (ours.atLeast !== undefined && ours.atLeast >= theirs.atLeast)
  return isAbove && (theirs.atMost === undefined || (ours.atMost !== undefined && ours.atMost <= theirs.atMost))
}

/** Names of facts of which no value fulfils what the route asks; of `anyOf`, where that is so in each. */
export function impossibleFacts({ facts = {}, anyOf = [{}] }: Route): string[] {
  const within = (conditions: FactConditions): string[] =>
    [...new Set([...Object.keys(facts), ...Object.keys(conditions)])].filter(
      (name) => !canHold([facts[name], conditions[name]].filter((each) => each !== undefined)),
    )
  const found = anyOf.map(within)
  return found.every(({ length }) => length > 0) ? [...new Set(found.flat())] : []
}

/** Together. What is bounded is one number; what isn't may be a list, which holds many values. */
function canHold(conditions: readonly FactCondition[]): boolean {
  const least = Math.max(...conditions.map(({ atLeast }) => atLeast ?? Number.NEGATIVE_INFINITY))
  const most = Math.min(...conditions.map(({ atMost }) => atMost ?? Number.POSITIVE_INFINITY))
  if (least > most) return false
  if (!Number.isFinite(least) && !Number.isFinite(most)) return true
  return conditions.every(({ is, oneOf }) => {
    const values = is === undefined ? oneOf : [is]
    return values?.some((value) => conditions.every((each) => allows(each, value))) ?? true
  })
}

function allows({ is, oneOf, atLeast, atMost }: FactCondition, value: string | number | boolean): boolean {
  if (is !== undefined && is !== value) return false
  if (oneOf !== undefined && !oneOf.includes(value)) return false
  if (atLeast !== undefined && !(typeof value === 'number' && value >= atLeast)) return false
  return atMost === undefined || (typeof value === 'number' && value <= atMost)
}
