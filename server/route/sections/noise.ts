import { z } from 'zod'
import { Duration, KindPattern, TimeOfDay } from './words.ts'

/** After how much quiet a ticket that nobody touched closes by itself. */
export const Quiet = z.strictObject({ otherwise: Duration, kinds: z.record(KindPattern, Duration) })

/** How long after its end the same trouble reopens a ticket. */
export const Reopens = z.strictObject({ otherwise: Duration, security: Duration })

/** Until when old news pages people, and until when what is over opens a ticket. */
export const Late = z.strictObject({ pagesUntil: Duration, opensUntil: Duration })

export const Digest = z.strictObject({ at: TimeOfDay })
