import type { ESTree } from 'vite'
import { isProduct } from '../place.ts'
import { defineRule, type Violation } from '../rule.ts'
import { type Source, visit } from '../source.ts'

const maxFileLines = 300
const maxFunctionLines = 50
/** Lists that are read from top to bottom and gain nothing from being cut in two. */
const lists = /^server\/store\/migrations\//

const lines = (count: number, line: string): string => Array.from({ length: count }, () => line).join('\n')

export default defineRule({
  says: `a file has at most ${maxFileLines} lines, and a function of the product at most ${maxFunctionLines} of its own`,
  check: (sources) => sources.flatMap((source) => [...longFile(source), ...longFunctions(source)]),
  planted: [
    { path: 'server/route/route.ts', text: lines(maxFileLines + 1, '// line') },
    { path: 'server/route/route.ts', text: `function route() {\n${lines(maxFunctionLines, 'work()')}\n}` },
    { path: 'server/route/route.ts', text: `const route = () => {\n${lines(maxFunctionLines, 'work()')}\n}` },
    { path: 'server/route/route.ts', text: `class Route {\ngo() {\n${lines(maxFunctionLines, 'work()')}\n}\n}` },
  ],
  allowed: [
    { path: 'server/route/route.ts', text: lines(maxFileLines, '// line') },
    {
      path: 'server/route/route.ts',
      text: `function create() {\nfunction one() {\n${lines(40, 'work()')}\n}\nfunction two() {\n${lines(40, 'work()')}\n}\n}`,
    },
    { path: 'test/server/route/route.test.ts', text: `describe('route', () => {\n${lines(60, 'work()')}\n})` },
  ],
})

function longFile(source: Source): Violation[] {
  const count = source.text.trimEnd().split('\n').length
  if (count <= maxFileLines || lists.test(source.path)) return []
  return [{ path: source.path, line: maxFileLines + 1, what: `the file has ${count} lines` }]
}

interface Span {
  start: number
  end: number
  firstLine: number
  lineCount: number
}

/** What a function holds without the functions inside it: a factory is as long as what it does itself. */
function longFunctions(source: Source): Violation[] {
  if (lists.test(source.path) || !isProduct(source.path)) return []
  const spans = spansOf(source)
  return spans.flatMap((span) => {
    const inner = spans.filter((other) => isDirectlyInside(other, span, spans))
    const own = span.lineCount - inner.reduce((sum, other) => sum + Math.max(0, other.lineCount - 1), 0)
    if (own <= maxFunctionLines) return []
    return [{ path: source.path, line: span.firstLine, what: `the function has ${own} lines of its own` }]
  })
}

const isInside = (inner: Span, outer: Span): boolean => inner !== outer && inner.start >= outer.start && inner.end <= outer.end

function isDirectlyInside(inner: Span, outer: Span, all: Span[]): boolean {
  return isInside(inner, outer) && !all.some((between) => isInside(inner, between) && isInside(between, outer))
}

function spansOf(source: Source): Span[] {
  const found: Span[] = []
  const add = (node: ESTree.Function | ESTree.ArrowFunctionExpression): void => {
    const firstLine = source.lineAt(node.start)
    found.push({ start: node.start, end: node.end, firstLine, lineCount: source.lineAt(node.end) - firstLine + 1 })
  }
  visit(source, { FunctionDeclaration: add, FunctionExpression: add, ArrowFunctionExpression: add })
  return found
}
