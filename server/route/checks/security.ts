import type { Remark } from '../check.ts'
import { asksAll, type Cell, cells, coversKind, hasCell, meetsKind } from '../cover.ts'
import type { MatrixDocument } from '../matrix-schema.ts'
import type { Route } from '../sections/routes.ts'

/** Critical security reaches security, as a ticket, and stays there, whatever its facts are. */
export function* checkSecurity(matrix: MatrixDocument): Generator<Remark> {
  for (const [index, route] of matrix.routes.entries()) yield* routeLeaks(matrix, route, index)
  yield* boxLeaks(matrix)
  yield* planLeaks(matrix)
}

const critical = cells.filter(({ severity }) => severity === 'critical')

function* routeLeaks({ routes, teams }: MatrixDocument, route: Route, index: number): Generator<Remark> {
  const reaching = route.kind.flatMap((kind) => reachingCells(routes.slice(0, index), route, kind))
  if (reaching.length === 0) return
  if (route.becomes !== 'ticket')
    yield { path: ['routes', index, 'becomes'], reason: `critical security could end as a ${route.becomes} here; ${mend}` }
  const reached = new Set(reaching.map(({ role }) => route.team[role === 'unknown' ? 'server' : role]))
  for (const team of reached) {
    if (teams[team]?.tier === 'security') continue
    yield { path: ['routes', index, 'team'], reason: `critical security could go to ${team}, which isn’t of the tier security; ${mend}` }
  }
}

const mend = 'write severity: { atMost: high }, or a route above that takes it'

/** The critical cells that still get here with a kind of security. */
function reachingCells(earlier: readonly Route[], route: Route, kind: string): Cell[] {
  if (!meetsKind('security.*', kind)) return []
  const narrowed = coversKind('security.*', kind) ? kind : 'security.*'
  const takers = earlier.filter((each) => each.kind.some((pattern) => coversKind(pattern, narrowed)) && asksAll(route, each))
  return critical.filter((cell) => hasCell(route, cell) && !takers.some((taker) => hasCell(taker, cell)))
}

function* boxLeaks({ teams, timeBoxes }: MatrixDocument): Generator<Remark> {
  for (const [team, boxes] of Object.entries(timeBoxes)) {
    if (teams[team]?.tier !== 'security') continue
    for (const [priority, { to }] of Object.entries(boxes)) {
      if (to === 'stays' || teams[to]?.tier === 'security') continue
      yield { path: ['timeBoxes', team, priority, 'to'], reason: `a ticket of security would leave it for ${to} when its box ends` }
    }
  }
}

/** A plan that promises nothing makes lines of the digest, unless the team promises by itself. */
function* planLeaks({ teams, promises }: MatrixDocument): Generator<Remark> {
  const relying = Object.entries(teams).flatMap(([name, { tier }]) => (tier === 'security' && !promises.teams[name] ? name : []))
  if (relying.length === 0) return
  for (const [plan, table] of Object.entries(promises.plans)) {
    for (const [priority, promise] of Object.entries(table)) {
      if (promise !== 'digest') continue
      const reason = `security could end as a digest on this plan: give the team ${relying.join(', ')} promises of its own (promises.teams)`
      yield { path: ['promises', 'plans', plan, priority], reason }
    }
  }
}
