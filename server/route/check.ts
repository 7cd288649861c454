import { checkLoops } from './checks/loops.ts'
import { checkSecurity } from './checks/security.ts'
import { checkShadows } from './checks/shadows.ts'
import type { MatrixDocument } from './matrix-schema.ts'

/** What is said of a document, at a path in it. An error refuses it; a warning doesn't. */
export interface Remark {
  path: PropertyKey[]
  reason: string
  isWarning?: true
}

/** What a matrix does that nobody can have meant. Its names were looked up before. */
export function* checkMeaning(matrix: MatrixDocument): Generator<Remark> {
  yield* checkLoops(matrix)
  yield* checkSecurity(matrix)
  yield* checkShadows(matrix)
}
