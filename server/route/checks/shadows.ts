import type { Remark } from '../check.ts'
import { asksAll, type Cell, cells, coversKind, hasCell, impossibleFacts, meetsKind } from '../cover.ts'
import type { MatrixDocument } from '../matrix-schema.ts'
import type { Route } from '../sections/routes.ts'

interface Placed {
  route: Route
  index: number
  /** What it takes of what has few values. */
  cells: readonly Cell[]
}

/** Routes that decide nothing: never reached, or the same as what comes after. */
export function* checkShadows({ routes }: MatrixDocument): Generator<Remark> {
  const placed = routes.map((route, index) => ({ route, index, cells: cells.filter((cell) => hasCell(route, cell)) }))
  for (const each of placed) yield* unreached(placed.slice(0, each.index), each)
  for (const each of placed) yield* needless(placed.slice(each.index + 1), each)
}

function* unreached(earlier: readonly Placed[], { route, index, cells: own }: Placed): Generator<Remark> {
  if (own.length === 0) {
    yield {
      path: ['routes', index, 'severity'],
      reason: `no signal fits: nothing is both ${route.severity?.atLeast} and more, and ${route.severity?.atMost} and less`,
    }
    return
  }
  const impossible = impossibleFacts(route)
  if (impossible.length > 0) {
    const reason = `no signal fits: nothing that ${impossible.join(', ')} may be is all that is asked of it`
    yield { path: ['routes', index, route.facts ? 'facts' : 'anyOf'], reason }
    return
  }
  const dead = route.kind.flatMap((kind) => {
    const takers = earlier.filter((each) => each.route.kind.some((pattern) => coversKind(pattern, kind)) && asksAll(route, each.route))
    return own.every((cell) => takers.some((taker) => hasCell(taker.route, cell))) ? [{ kind, takers }] : []
  })
  const by = [...new Set(dead.flatMap(({ takers }) => takers.map((taker) => `“${taker.route.name}”`)))].join(', ')
  if (dead.length === route.kind.length) yield { path: ['routes', index], reason: `no signal gets here: ${by} above take all of it` }
  else if (dead.length > 0) {
    const reason = `no ${dead.map(({ kind }) => kind).join(', ')} gets here: ${by} above take all of it`
    yield { path: ['routes', index, 'kind'], reason, isWarning: true }
  }
}

/** The next route that could take some of it takes all of it, and does the same. */
function* needless(later: readonly Placed[], { route, index, cells: own }: Placed): Generator<Remark> {
  const next = later.find(
    (each) => each.route.kind.some((theirs) => route.kind.some((kind) => meetsKind(theirs, kind))) && meets(own, each.route),
  )
  if (!next || outcomeOf(next.route) !== outcomeOf(route)) return
  const isAll = route.kind.every((kind) => next.route.kind.some((pattern) => coversKind(pattern, kind))) && asksAll(route, next.route)
  if (!isAll || !own.every((cell) => hasCell(next.route, cell))) return
  yield {
    path: ['routes', index],
    reason: `it changes nothing: “${next.route.name}” below takes the same and does the same`,
    isWarning: true,
  }
}

const meets = (own: readonly Cell[], route: Route): boolean => own.some((cell) => hasCell(route, cell))

function outcomeOf({
  becomes,
  priority,
  atMost,
  team,
  tells,
  skills,
  playbook,
  needsVisit,
  contain,
  suspend,
  page,
  isUnrouted,
}: Route): string {
  return JSON.stringify({ becomes, priority, atMost, team, tells, skills, playbook, needsVisit, contain, suspend, page, isUnrouted })
}
