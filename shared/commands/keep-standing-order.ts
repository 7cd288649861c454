import { z } from 'zod'
import { Platform } from '../domain/endpoint.ts'
import { SignedStanding, StandingPause } from '../domain/standing.ts'
import { days } from '../domain/time.ts'
import { defineCommand } from './define-command.ts'

/** Protective, because what it carries bears signatures of its own, which the machine checks for itself; a pause takes only away. */
export default defineCommand({
  verb: 'keep-standing-order',
  title: 'Keep a standing order, or its withdrawal',
  args: z.object({
    order: SignedStanding.optional(),
    /** The clock where the machine stands; it counts only among those that the order's signers named. */
    timeZone: z.string().max(60).optional(),
    pause: StandingPause.optional(),
  }),
  output: z.object({ number: z.number().int() }).partial(),
  risk: 'protective',
  ttlMs: days(6),
  platforms: Platform.options,
  isIdempotent: true,
})
