import { LineCounter, parseDocument } from 'yaml'
import type { z } from 'zod'
import { type MatrixProblem, problemsOf } from '../../route/problems.ts'

export type ReadYaml<Value> = { kind: 'good'; value: Value } | { kind: 'bad'; problems: MatrixProblem[] }

/** A document that fits the schema, or what is wrong with it, by line and column. */
export function readYaml<Value>(yaml: string, schema: z.ZodType<Value>): ReadYaml<Value> {
  const lines = new LineCounter()
  const document = parseDocument(yaml, { lineCounter: lines, prettyErrors: false })
  const [broken] = document.errors
  if (broken) {
    const { line, col } = lines.linePos(broken.pos[0])
    return { kind: 'bad', problems: [{ line, column: col, path: '', reason: broken.message }] }
  }
  const parsed = schema.safeParse(document.toJS())
  return parsed.success ? { kind: 'good', value: parsed.data } : { kind: 'bad', problems: problemsOf(parsed.error, document, lines) }
}
