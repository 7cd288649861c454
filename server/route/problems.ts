import { type Document, isMap, isNode, isPair, isScalar, type LineCounter, type Node } from 'yaml'
import type { z } from 'zod'

/** What is wrong with a matrix, where a person finds it. Line and column count from 1. */
export interface MatrixProblem {
  line: number
  column: number
  /** "teams.tier1.tier" */
  path: string
  reason: string
}

type Path = readonly PropertyKey[]

/** A problem at `path` of the document; what is missing is shown where it should stand. */
export function problemAt(document: Document, lines: LineCounter, path: Path, reason: string): MatrixProblem {
  const { line, col } = lines.linePos(offsetOf(document, path))
  return { line, column: col, path: path.map(String).join('.'), reason }
}

export function problemsOf(error: z.ZodError, document: Document, lines: LineCounter): MatrixProblem[] {
  return error.issues.flatMap((issue) => flatten(issue, [])).map(({ path, reason }) => problemAt(document, lines, path, reason))
}

type Issue = z.core.$ZodIssue
interface Found {
  path: PropertyKey[]
  reason: string
}

function flatten(issue: Issue, before: PropertyKey[]): Found[] {
  const path = [...before, ...issue.path]
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => ({ path: [...path, key], reason: 'nobody knows this word here' }))
  if (issue.code === 'invalid_key') return [{ path, reason: issue.issues.map(({ message }) => message).join('; ') }]
  if (issue.code !== 'invalid_union')
    return [{ path, reason: issue.message.endsWith('received undefined') ? 'it is missing' : issue.message }]
  const [best] = issue.errors.toSorted((a, b) => depthOf(b) - depthOf(a))
  return best ? best.flatMap((inner) => flatten(inner, path)) : [{ path, reason: issue.message }]
}

/** The alternative that came furthest is the one that was meant. */
const depthOf = (issues: readonly Issue[]): number =>
  Math.max(0, ...issues.map((issue) => issue.path.length + (issue.code === 'unrecognized_keys' ? 1 : 0)))

function offsetOf(document: Document, path: Path): number {
  for (let length = path.length; length > 0; length -= 1) {
    const offset = keyOffset(document, path.slice(0, length))
    if (offset !== undefined) return offset
  }
  return document.contents?.range?.[0] ?? 0
}

/** Where the key stands in its map, or the item in its list. */
function keyOffset(document: Document, path: Path): number | undefined {
  const parent: unknown = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true)
  const last = path.at(-1)
  if (isMap(parent)) {
    const pair = parent.items.find((item) => isPair(item) && isScalar(item.key) && String(item.key.value) === String(last))
    return startOf(pair?.key)
  }
  return startOf(document.getIn(path, true))
}

const startOf = (value: unknown): number | undefined => (isNode(value) ? (value as Node).range?.[0] : undefined)
