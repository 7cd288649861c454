import { z } from 'zod'
import { SignalKind } from '#shared/domain/signal.ts'
import { Duration, KindPattern, Name, TimeOfDay } from './words.ts'

/** After how much quiet a ticket that nobody touched closes by itself. */
export const Quiet = z.strictObject({ otherwise: Duration, kinds: z.record(KindPattern, Duration) })

/** How long after its end the same trouble reopens a ticket. */
export const Reopens = z.strictObject({ otherwise: Duration, security: Duration })

/** Until when old news pages people, and until when what is over opens a ticket. */
export const Late = z.strictObject({ pagesUntil: Duration, opensUntil: Duration })

/** And once a week what no route names, to the team that keeps the matrix. */
export const Digest = z.strictObject({ at: TimeOfDay, unroutedTo: Name.optional() })

/** What is only a line of a digest, and still true when a week or a quarter begins, becomes a ticket: one an organisation, or one for each of its kinds. */
const RoundUp = z.strictObject({
  of: KindPattern,
  every: z.enum(['week', 'quarter']),
  one: z.enum(['kind', 'organisation']),
  raises: SignalKind,
})
export type RoundUp = z.infer<typeof RoundUp>
export const RoundUps = z.array(RoundUp).max(20).default([])
