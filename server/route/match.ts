import { compareSeverity } from '#shared/domain/severity.ts'
import { type Facts, fitsKind } from '#shared/domain/signal.ts'
import type { Subject, Trouble } from '../pipeline/changes.ts'
import type { MatrixDocument } from './matrix-schema.ts'
import type { FactCondition, FactConditions, Route, Words } from './sections/routes.ts'

/** As many kinds as a fleet has; agents may make up more. */
const maxKinds = 1_000

/** The routes that could take a kind, in their order, looked up once a kind: most of a matrix is about others. */
export function indexByKind({ routes }: Pick<MatrixDocument, 'routes'>): (kind: string) => Pick<MatrixDocument, 'routes'> {
  const known = new Map<string, Pick<MatrixDocument, 'routes'>>()
  return (kind) => {
    const found = known.get(kind) ?? { routes: routes.filter((route) => route.kind.some((pattern) => fitsKind(pattern, kind))) }
    if (known.size >= maxKinds) known.clear()
    known.set(kind, found)
    return found
  }
}

/** What routes ask of whom it is about. */
export type Matched = Pick<Subject, 'role' | 'endpoint' | 'organisation'>

/** The first route that takes this trouble. A checked matrix ends with one that takes everything. */
export function match(matrix: Pick<MatrixDocument, 'routes'>, trouble: Trouble, subject: Matched): Route {
  const route = matrix.routes.find((each) => takes(each, trouble, subject))
  if (!route) throw new TypeError('a matrix whose last route does not take everything was not checked')
  return route
}

export function takes(route: Route, trouble: Trouble, subject: Matched): boolean {
  return (
    route.kind.some((pattern) => fitsKind(pattern, trouble.kind)) &&
    (!route.severity || isWithin(route.severity, trouble)) &&
    (!route.role || route.role.includes(subject.role)) &&
    (!route.state || route.state.includes(trouble.state)) &&
    (!route.source || route.source.includes(trouble.source)) &&
    (!route.tags || hasOne(route.tags, subject)) &&
    (!route.organisation || isOf(route.organisation, subject)) &&
    (!route.words || says(route.words, trouble)) &&
    (!route.facts || hold(route.facts, trouble.facts)) &&
    (!route.anyOf || route.anyOf.some((conditions) => hold(conditions, trouble.facts)))
  )
}

const isWithin = ({ atLeast, atMost }: NonNullable<Route['severity']>, { severity }: Trouble): boolean =>
  compareSeverity(severity, atLeast) >= 0 && compareSeverity(severity, atMost) <= 0

const hasOne = (tags: readonly string[], { endpoint }: Matched): boolean => endpoint?.tags?.some((tag) => tags.includes(tag)) ?? false

const isOf = (named: readonly string[], { organisation }: Matched): boolean =>
  named.includes(organisation.name) || named.includes(organisation.id)

const says = ({ pattern }: Words, { summary, text = '' }: Trouble): boolean => pattern.test(summary) || pattern.test(text)

/** All of them. */
export const hold = (conditions: FactConditions, facts: Facts): boolean =>
  Object.entries(conditions).every(([name, condition]) => holds(condition, facts[name]))

/** A fact that nobody stated fulfils nothing. */
function holds(condition: FactCondition, fact: Facts[string] | undefined): boolean {
  if (fact === undefined || fact === null) return false
  const isOne = (value: string | number | boolean): boolean => (Array.isArray(fact) ? fact.includes(String(value)) : fact === value)
  if (condition.is !== undefined && !isOne(condition.is)) return false
  if (condition.oneOf !== undefined && !condition.oneOf.some(isOne)) return false
  if (condition.atLeast !== undefined && !(typeof fact === 'number' && fact >= condition.atLeast)) return false
  return condition.atMost === undefined || (typeof fact === 'number' && fact <= condition.atMost)
}
