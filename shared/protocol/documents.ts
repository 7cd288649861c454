import type { DocumentDefinition } from './document.ts'
import addresses from './documents/addresses.ts'
import auditHeads from './documents/audit-heads.ts'
import authorities from './documents/authorities.ts'
import operators from './documents/operators.ts'
import policy from './documents/policy.ts'
import revocations from './documents/revocations.ts'

/** Every document this side knows, by name. A browser can't list a folder, so this list stands in a file. */
export const documents: ReadonlyMap<string, DocumentDefinition> = new Map(
  [addresses, auditHeads, authorities, operators, policy, revocations].map((document) => [document.name, document]),
)
