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
