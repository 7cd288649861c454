import { z } from 'zod'
import { Duration, perRole, refuse, unitMs } from './words.ts'

/** What a route says of isolation. */
export type Contain = { kind: 'never' } | { kind: 'auto' } | { kind: 'ask'; waitMs: number | null; otherwise: 'isolate' | 'leave' }

export const Contain = z
  .string()
  .meta({ description: 'auto; never; "ask, then leave"; "ask 3m, then isolate"', examples: ['auto', 'never', 'ask, then leave'] })
  .transform((text, context): Contain => {
    if (text === 'never' || text === 'auto') return { kind: text }
    if (text === 'ask, then leave') return { kind: 'ask', waitMs: null, otherwise: 'leave' }
    const match = /^ask (\d{1,6})([smhd]), then isolate$/.exec(text)
    if (match) return { kind: 'ask', waitMs: Number(match[1]) * unitMs[match[2] as keyof typeof unitMs], otherwise: 'isolate' }
    return refuse(context, `"${text}" is no containment; write auto, never, "ask, then leave" or "ask 3m, then isolate"`)
  })

const Limit = z.strictObject({ machines: z.number().int().positive(), within: Duration })

/** How far isolating without a person goes. */
export const Containment = z.strictObject({ site: Limit, organisation: Limit, lateAfter: Duration, beyond: perRole(Contain) })

/** What an organisation's mode allows. */
export const Modes = z.record(z.enum(['observe', 'live']), z.strictObject({ isolatesAlone: z.boolean(), pagesHealth: z.boolean() }))
