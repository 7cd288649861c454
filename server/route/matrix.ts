import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { type Document, LineCounter, parseDocument } from 'yaml'
import type { Power } from '#shared/api/session.ts'
import type { Role } from '#shared/domain/endpoint.ts'
import { sentenceOf } from '#shared/domain/fault.ts'
import type { Tier } from '#shared/domain/tier.ts'
import { checkMeaning, type Remark } from './check.ts'
import { MatrixDocument } from './matrix-schema.ts'
import { type MatrixProblem, problemAt, problemsOf } from './problems.ts'
import type { Route } from './sections/routes.ts'

/** The escalation matrix as the stages ask it: the document, checked, with its words looked up. */
export interface Matrix extends MatrixDocument {
  /** Counts up with every document that differed; tickets remember it. */
  version: number
  yaml: string
  sha256: string
  tierOf(team: string): Tier
  routeNamed(name: string): Route | undefined
  /** The team that is each customer's own, where the matrix has one. */
  ownIt: string | undefined
  /**
   * What members of these teams may do. With the role of the machine it is about, powers that hold for that role only
   * count too; without it they don't.
   */
  powersOf(teams: readonly string[], role?: Role): Power[]
}

export type LoadedMatrix = { kind: 'matrix'; matrix: Matrix; warnings: MatrixProblem[] } | { kind: 'bad'; problems: MatrixProblem[] }

/** Reads and checks a matrix. Its version is 0 until the store has given it one. */
export async function loadMatrix(file: string): Promise<LoadedMatrix> {
  try {
    return parseMatrix(await readFile(file, 'utf8'))
  } catch (error) {
    return { kind: 'bad', problems: [{ line: 1, column: 1, path: '', reason: `it can't be read: ${sentenceOf(error)}` }] }
  }
}

export function parseMatrix(yaml: string): LoadedMatrix {
  const lines = new LineCounter()
  const document = parseDocument(yaml, { lineCounter: lines, prettyErrors: false })
  if (document.errors.length > 0) return { kind: 'bad', problems: document.errors.map((error) => brokenYaml(error, lines)) }
  const parsed = MatrixDocument.safeParse(document.toJS())
  if (!parsed.success) return { kind: 'bad', problems: problemsOf(parsed.error, document, lines) }
  const problems = meaningless(parsed.data, document, lines)
  if (problems.length > 0) return { kind: 'bad', problems }
  const remarks = [...checkMeaning(parsed.data)]
  const at = ({ path, reason }: Remark): MatrixProblem => problemAt(document, lines, path, reason)
  const errors = remarks.filter(({ isWarning }) => !isWarning)
  if (errors.length > 0) return { kind: 'bad', problems: errors.map(at) }
  return { kind: 'matrix', matrix: matrixOf(parsed.data, yaml), warnings: remarks.map(at) }
}

/** "default-matrix.yaml:12:7 teams.tier1.tier: reason", as a compiler would say it. */
export const problemLine = (file: string, { line, column, path, reason }: MatrixProblem): string =>
  `${file}:${line}:${column} ${path === '' ? '' : `${path}: `}${reason}`

function brokenYaml(error: { pos: [number, number]; message: string }, lines: LineCounter): MatrixProblem {
  const { line, col } = lines.linePos(error.pos[0])
  return { line, column: col, path: '', reason: error.message }
}

/** What is well formed and means nothing: names that stand nowhere, a trouble that no route takes. */
function meaningless(matrix: MatrixDocument, document: Document, lines: LineCounter): MatrixProblem[] {
  const problems: MatrixProblem[] = []
  const at = (path: PropertyKey[], reason: string): void => void problems.push(problemAt(document, lines, path, reason))
  const team = (name: string, path: PropertyKey[]): void => {
    if (!Object.hasOwn(matrix.teams, name)) at(path, `there is no team "${name}"`)
  }
  const calendar = (name: string | undefined, path: PropertyKey[]): void => {
    if (name !== undefined && !Object.hasOwn(matrix.calendars, name)) at(path, `there is no calendar "${name}"`)
  }
  for (const [name, { from, to }] of officesOf(matrix)) if (from >= to) at(['calendars', name, 'to'], 'a day ends after it begins')
  for (const [name, { passesTo, calendar: hours }] of Object.entries(matrix.teams)) {
    if (passesTo !== undefined) team(passesTo, ['teams', name, 'passesTo'])
    calendar(hours, ['teams', name, 'calendar'])
  }
  if (matrix.digest.unroutedTo !== undefined) team(matrix.digest.unroutedTo, ['digest', 'unroutedTo'])
  for (const [kind, tables] of Object.entries(matrix.promises)) {
    for (const [name, table] of Object.entries(tables)) {
      if (kind === 'teams') team(name, ['promises', kind, name])
      for (const [priority, promise] of Object.entries(table)) {
        if (promise === 'digest') continue
        calendar(promise.calendar, ['promises', kind, name, priority, 'calendar'])
        calendar(promise.whenPaged, ['promises', kind, name, priority, 'whenPaged'])
      }
    }
  }
  for (const [tag, { during }] of Object.entries(matrix.impact.byTag)) calendar(during, ['impact', 'byTag', tag, 'during'])
  if (!Object.hasOwn(matrix.promises.plans, 'standard'))
    at(['promises', 'plans'], 'the plan "standard" is what every organisation has that names no other')
  for (const [name, boxes] of Object.entries(matrix.timeBoxes)) {
    team(name, ['timeBoxes', name])
    for (const [priority, { to }] of Object.entries(boxes)) if (to !== 'stays') team(to, ['timeBoxes', name, priority, 'to'])
  }
  const seen = new Set<string>()
  for (const [index, route] of matrix.routes.entries()) {
    for (const name of new Set(Object.values(route.team))) team(name, ['routes', index, 'team'])
    for (const name of route.tells) team(name, ['routes', index, 'tells'])
    if (seen.has(route.name)) at(['routes', index, 'name'], `a second route is named "${route.name}"`)
    seen.add(route.name)
  }
  const last = matrix.routes.at(-1)
  if (last && !takesEverything(last))
    at(['routes', matrix.routes.length - 1], 'the last route must take every kind (*), so that no signal is without one')
  return problems
}

function* officesOf(matrix: MatrixDocument): Generator<[string, { from: string; to: string }]> {
  for (const [name, hours] of Object.entries(matrix.calendars)) if (hours !== 'always') yield [name, hours]
}

const takesEverything = ({ kind, severity, role, state, source, facts, anyOf, tags, organisation, words }: Route): boolean =>
  kind.includes('*') && !severity && !role && !state && !source && !facts && !anyOf && !tags && !organisation && !words

function matrixOf(document: MatrixDocument, yaml: string): Matrix {
  const routes = new Map(document.routes.map((route) => [route.name, route]))
  return {
    ...document,
    version: 0,
    yaml,
    sha256: createHash('sha256').update(yaml).digest('hex'),
    // Every name of a team was checked above; a ticket of an older matrix may still stand in one that is gone.
    tierOf: (team) => document.teams[team]?.tier ?? 'tier3',
    routeNamed: (name) => routes.get(name),
    ownIt: Object.keys(document.teams).find((name) => document.teams[name]?.isCustomers),
    powersOf: (teams, role) => {
      const granted = teams.flatMap((team) => document.teams[team]?.powers ?? [])
      return [...new Set(granted.filter((power) => power.role === undefined || power.role === role).map(({ power }) => power))]
    },
  }
}
