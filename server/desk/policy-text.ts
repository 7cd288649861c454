import { LineCounter, parseDocument } from 'yaml'
import type { PolicyWorld } from '../policy/policy.ts'
import { PolicyDocument, strangersIn } from '../policy/written.ts'
import { type MatrixProblem, problemAt, problemsOf } from '../route/problems.ts'

export type ReadPolicy =
  | { kind: 'policy'; document: PolicyDocument; lineOf(entry: number): number }
  | { kind: 'bad'; problems: MatrixProblem[] }

/** A policy's text → what it means, or what is wrong with it by line. @param world names must be of it, when given. */
export function readPolicy(yaml: string, world?: PolicyWorld): ReadPolicy {
  const lines = new LineCounter()
  const document = parseDocument(yaml, { lineCounter: lines, prettyErrors: false })
  const [broken] = document.errors
  if (broken) {
    const { line, col } = lines.linePos(broken.pos[0])
    return { kind: 'bad', problems: [{ line, column: col, path: '', reason: broken.message }] }
  }
  const parsed = PolicyDocument.safeParse(document.toJS())
  if (!parsed.success) return { kind: 'bad', problems: problemsOf(parsed.error, document, lines) }
  const strangers = world ? [...strangersIn(parsed.data, world.places, world)] : []
  if (strangers.length > 0) return { kind: 'bad', problems: strangers.map(({ path, reason }) => problemAt(document, lines, path, reason)) }
  return { kind: 'policy', document: parsed.data, lineOf: (entry) => problemAt(document, lines, ['policies', entry], '').line }
}
