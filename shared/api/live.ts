import { z } from 'zod'

/**
 * GET /api/live: server-sent events, one JSON object each. A hint that something changed, within what the reader may
 * see; the truth is read again by id. `?watch=<endpointId>` asks that endpoint for its samples at once.
 */
export const LiveEvent = z.object({
  topic: z.enum(['ticket', 'endpoint', 'sample', 'command', 'progress', 'bulk']),
  /** `progress` is a command's, which comes along. */
  /** The ticket's, endpoint's, command's or bulk order's id; for a sample the endpoint's. */
  id: z.string(),
  organisationId: z.string(),
  endpointId: z.string().nullable(),
  at: z.number().int(),
})
export type LiveEvent = z.infer<typeof LiveEvent>
