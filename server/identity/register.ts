import type { Register } from '#shared/protocol/command-powers.ts'
import authorities from '#shared/protocol/documents/authorities.ts'
import operators from '#shared/protocol/documents/operators.ts'
import { pairInForce } from './authorities.ts'
import type { Documents } from './documents.ts'

/** The pair in force, and whom it has named; undefined: the collector commands alone. */
export async function pairOf(documents: Documents): Promise<Awaited<ReturnType<typeof pairInForce>> | undefined> {
  const named = documents.content(authorities)
  return named && pairInForce(named)
}

/** Whose keys may sign commands, as every agent knows them; undefined: the collector commands alone. */
export function registerOf(documents: Documents): Register | undefined {
  if (!documents.content(authorities)) return undefined
  return { operators: documents.content(operators)?.operators ?? [], issuedAt: documents.issuedAt(operators) }
}
