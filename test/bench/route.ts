import { setTimeout as sleep } from 'node:timers/promises'
import { Severity } from '#shared/domain/severity.ts'
import { mustBeGood, shippedMatrix } from '../../server/desk/matrices.ts'
import type { Subject, Trouble } from '../../server/pipeline/changes.ts'
import { readRules } from '../../server/pipeline/keep.ts'
import { prioritise } from '../../server/prioritise/prioritise.ts'
import { match } from '../../server/route/match.ts'
import { loadMatrix, type Matrix, parseMatrix } from '../../server/route/matrix.ts'
import { route } from '../../server/route/route.ts'
import { type Benchmark, type Figures, rounded } from './benchmark.ts'

const goal = 100_000
const routeCount = 200
const sizes = { whole: { rounds: 7, decisions: 400_000 }, quick: { rounds: 3, decisions: 50_000 } }

export default {
  says: `decisions a second by a matrix of ${routeCount} routes (route, priority, team, containment, paging), against JSON.parse of a small signal`,
  run: async ({ isQuick }) => measure(isQuick ? sizes.quick : sizes.whole),
} satisfies Benchmark

async function measure({ rounds, decisions }: typeof sizes.whole): Promise<Figures> {
  const shipped = mustBeGood(await loadMatrix(shippedMatrix), shippedMatrix)
  const matrix = grown(shipped)
  const cases = casesOf(matrix)
  const deciding: number[] = []
  const explaining: number[] = []
  const parsing: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    deciding.push(perSecond(decisions, decider(matrix, cases, false)))
    explaining.push(perSecond(decisions / 4, decider(matrix, cases, true)))
    parsing.push(perSecond(decisions, parser()))
    await sleep(0)
  }
  const [figure, explained, yardstick] = [middle(deciding), middle(explaining), middle(parsing)]
  console.log(`${figure} decisions/s by ${matrix.routes.length} routes (goal ${goal}), ${explained} with their reasons written out`)
  return {
    figure,
    unit: 'decisions per CPU-second',
    yardstick,
    ratio: rounded(figure / yardstick),
    goal,
    explained,
    routes: matrix.routes.length,
  }
}

/** The matrix that ships, with routes of customers' own kinds before its last ones, each with facts to look at. */
function grown({ yaml, routes }: Matrix): Matrix {
  const own = Array.from({ length: routeCount - routes.length }, (_, index) =>
    [
      `  - name: own-${index}`,
      `    kind: [app.module-${index % 40}.*, app.other-${index}.failed]`,
      `    severity: { atLeast: ${index % 2 === 0 ? 'low' : 'medium'} }`,
      `    facts: { code: ${index}, region: { oneOf: [eu, us] } }`,
      '    team: { workstation: tier1, server: tier2, core: tier3 }',
      '',
    ].join('\n'),
  ).join('')
  const parsed = parseMatrix(yaml.replace('  - name: rest-info\n', `${own}  - name: rest-info\n`))
  if (parsed.kind === 'bad') throw new Error(JSON.stringify(parsed.problems))
  return parsed.matrix
}

interface Case {
  trouble: Trouble
  subject: Subject
}

/** Every kind that a route names, in every severity and role; the customers' own fit a late route, or none of theirs. */
function casesOf({ routes }: Matrix): Case[] {
  const kinds = [...new Set(routes.flatMap(({ kind }) => kind))].map((kind) =>
    kind.replace('*', 'something').replace(/^something$/, 'some.thing'),
  )
  const roles = ['workstation', 'server', 'core', 'unknown'] as const
  return kinds.flatMap((kind, index) =>
    Severity.options.flatMap((severity) =>
      roles.map((role) => ({
        trouble: {
          ...{ signalId: 's', kind, severity, state: 'happened', fingerprint: kind, summary: kind, ageMs: 0, happenedAt: null },
          ...{ facts: { code: index, region: 'eu', change: 'edited' }, source: 'agent', urgency: null },
        },
        subject: {
          organisation: { id: 'o', name: 'O', mode: 'live', plan: 'standard', timeZone: 'Europe/Berlin' },
          ...{ site: null, endpoint: { id: 'e', hostname: 'e', tags: [] }, role, roleSource: 'facts', isolation: null },
        },
      })),
    ),
  )
}

function decider(matrix: Matrix, cases: readonly Case[], isExplained: boolean): (count: number) => number {
  const { routesFor, circumstancesOf } = readRules(matrix)
  return (count) => {
    let tickets = 0
    for (let index = 0; index < count; index += 1) {
      const each = cases[(index * 7) % cases.length]
      if (!each) continue
      const rule = match(routesFor(each.trouble.kind), each.trouble, each.subject)
      const found = prioritise(matrix, rule, each.trouble, each.subject, circumstancesOf(each.subject, 0))
      const decision = route(matrix, rule, found.priority, each.trouble, each.subject)
      if (decision.becomes === 'ticket' && (!isExplained || decision.reasons().length > 0)) tickets += 1
    }
    return tickets
  }
}

function parser(): (count: number) => number {
  const text = JSON.stringify({ kind: 'health.disk.full', severity: 'medium', facts: { usedRatio: 0.91, freeBytes: 12_884_901_888 } })
  return (count) => {
    let length = 0
    for (let index = 0; index < count; index += 1) length += (JSON.parse(text) as { kind: string }).kind.length
    return length
  }
}

/** Of processor time: deciding waits for nothing, so on a quiet machine it is the same as a second of a clock. */
function perSecond(count: number, work: (count: number) => number): number {
  const before = process.cpuUsage()
  if (work(count) === 0) throw new Error('nothing was done')
  const { user, system } = process.cpuUsage(before)
  return Math.round((count / (user + system)) * 1_000_000)
}

const middle = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
