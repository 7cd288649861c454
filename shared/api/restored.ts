import { z } from 'zod'
import { Platform } from '../domain/endpoint.ts'
import { HeldCommand } from './commands.ts'

const Named = z.object({ id: z.string(), name: z.string() })

/** A machine with a certificate of ours that was made after the backup; what it says of itself is text. */
export const ForgottenEndpoint = z.object({
  id: z.string(),
  serial: z.string(),
  hostname: z.string(),
  platform: Platform.nullable(),
  address: z.string(),
  firstSeenAt: z.number().int(),
  lastSeenAt: z.number().int(),
})
export type ForgottenEndpoint = z.infer<typeof ForgottenEndpoint>

/** GET /api/restored (power administer, staff of the provider): what waits for people since the last restore. */
export const Restored = z.object({
  /** null: this collector was never restored. */
  last: z.object({ restoredAt: z.number().int(), madeAt: z.number().int(), program: z.string() }).nullable(),
  /** How many endpoints have not been heard since. */
  endpointsAwaited: z.number().int(),
  endpoints: z.array(ForgottenEndpoint),
  commands: z.array(HeldCommand.extend({ endpoint: Named, ticketId: z.string().nullable() })),
  tokens: z.array(z.object({ id: z.string(), name: z.string(), person: Named, createdAt: z.number().int() })),
  sources: z.array(z.object({ id: z.string(), name: z.string(), organisation: Named, createdAt: z.number().int() })),
})
export type Restored = z.infer<typeof Restored>

/** POST /api/restored/endpoints/:endpoint/adopt lets it in again; …/tokens/:token/confirm and …/sources/:source/confirm let go on. */
export const Adopt = z.object({ organisationId: z.string().max(64), siteId: z.string().max(64).optional() })
export const LetIn = z.object({ id: z.string() })
