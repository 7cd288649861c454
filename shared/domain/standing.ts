import { z } from 'zod'
import { days, hours } from './time.ts'

/** A standing order that is signed, as it travels and is kept: compact JWS; `also` are further signatures over the same bytes. */
export const SignedStanding = z.object({ jws: z.string().max(20_000), also: z.array(z.string().max(20_000)).max(3).optional() })
export type SignedStanding = z.infer<typeof SignedStanding>

/** Whoever runs the collector may pause what protects: so each pause ends by itself, and whoever means it goes on saying so. */
export const longestPauseMs = days(1)
/** Clocks differ; a machine turns away what is longer than this. */
export const pauseBeyondMs = longestPauseMs + hours(1)

/** What a machine may not do by itself for now: the stop button, an organisation that observes, scripts that are switched off. */
export const StandingPause = z.object({
  scripts: z.boolean(),
  /** Epoch ms; until then, and for a day where it isn't said, `scripts` holds. */
  scriptsUntil: z.number().int().nonnegative().optional(),
  /** Epoch ms; until then it doesn't isolate itself. */
  isolationUntil: z.number().int().nonnegative(),
})
export type StandingPause = z.infer<typeof StandingPause>
