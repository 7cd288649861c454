import { z } from 'zod'
import { MatrixDocument } from './matrix-schema.ts'

/** The shape of a matrix as editors read it, to complete and to check what somebody writes; `matrix.schema.json` is this. */
export function matrixJsonSchema(): Record<string, unknown> {
  const { $schema, ...shape } = z.toJSONSchema(MatrixDocument, { io: 'input', unrepresentable: 'any' })
  return { $schema, title: 'Escalation matrix of Tierline', ...shape }
}
