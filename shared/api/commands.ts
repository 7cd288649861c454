import { z } from 'zod'
import type { Power } from './session.ts'

/** A command that a restore holds. POST /api/commands/:id/send asks for it anew, /drop ends it; both answer 204. */
export const HeldCommand = z.object({
  id: z.string(),
  verb: z.string(),
  /** Name of the person, or "Tierline". */
  requestedBy: z.string(),
  reason: z.string(),
  requestedAt: z.number().int(),
})
export type HeldCommand = z.infer<typeof HeldCommand>

/** What somebody needs to decide about a held command of this verb. */
export const powersToDecide = (verb: string): Power[] => (verb === 'release-host' ? ['isolate', 'release'] : ['isolate'])

/** GET /api/commands/unsigned: what waits for operators. The payload is the bytes to sign, and all that counts. */
export const UnsignedCommands = z.object({
  commands: z.array(
    z.object({
      id: z.string(),
      payload: z.string().max(60_000),
      endpoint: z.object({ id: z.string(), name: z.string() }),
      signedBy: z.array(z.string()),
      needed: z.number().int(),
    }),
  ),
})
export type UnsignedCommands = z.infer<typeof UnsignedCommands>

/** POST /api/commands/:id/signatures: a compact JWS over the payload, by an operator in force. */
export const NewSignature = z.object({ jws: z.string().max(65_536) })
export const SignatureAnswer = z.object({ status: z.enum(['queued', 'waits']), signed: z.number().int(), needed: z.number().int() })

/** POST /api/endpoints/:id/commands: 202 with its id; what is more than protective waits for operators. */
export const NewCommand = z.object({
  verb: z.string().min(1).max(100),
  args: z.record(z.string(), z.unknown()).default({}),
  reason: z.string().trim().min(1).max(500),
  ticketId: z.string().max(64).optional(),
})
export const CommandAsked = z.object({ id: z.string() })

/** What somebody needs to ask for a command of this risk; isolating and releasing have doors of their own. */
export const powerToAsk = (risk: 'protective' | 'low' | 'medium' | 'high'): Power =>
  risk === 'protective' || risk === 'low' ? 'work-tickets' : 'isolate'
