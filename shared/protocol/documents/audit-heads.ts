import { z } from 'zod'
import { defineDocument } from '../document.ts'

/** A head of the collector's audit: up to line `number` it was so, or its SHA-256 would be another. */
export const AuditHead = z.object({
  number: z.number().int().nonnegative(),
  hash: z.string().regex(/^[0-9a-f]{64}$/, 'expected a SHA-256 in hexadecimal'),
  at: z.number().int(),
})
export type AuditHead = z.infer<typeof AuditHead>

/** A month of days. */
export const maxAuditHeads = 31

/** Machines all over the place are where nobody changes all of them at once: agents keep these, and hand them back. */
export default defineDocument({ name: 'audit-heads', content: z.object({ heads: z.array(AuditHead).max(maxAuditHeads) }) })
