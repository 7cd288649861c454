import { z } from 'zod'
import { TicketAction } from '../domain/ticket.ts'

/** RFC 9457, with the fields that were wrong. */
export const Problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  /** One sentence that says what to do. */
  detail: z.string(),
  /** Kebab-case; the table of them is server/http/problems.ts. */
  code: z.string(),
  errors: z.array(z.object({ field: z.string(), message: z.string() })).optional(),
  /** `stale`: the version as it is now. */
  version: z.number().int().optional(),
  /** `not-legal`: what could be done instead. */
  legal: z.array(TicketAction).optional(),
  /** 429: how long to wait; also in the header Retry-After. */
  retryAfterSeconds: z.number().int().optional(),
})
export type Problem = z.infer<typeof Problem>
