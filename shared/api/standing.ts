import { z } from 'zod'
import { Role } from '../domain/endpoint.ts'
import { OnSignal, Window } from '../protocol/standing-order.ts'
import { newestFirst } from './page.ts'

const Meant = z.object({
  name: z.string(),
  verb: z.string(),
  args: z.record(z.string(), z.unknown()),
  argsFrom: z.record(z.string(), z.string()).optional(),
  when: z.union([Window, OnSignal]),
  mostRuns: z.number().int(),
})

/** One that ships: nothing of it happens before somebody signs it for an organisation. */
export const StandingDraft = Meant.extend({ draft: z.string(), says: z.string(), role: Role, days: z.number().int() })
export type StandingDraft = z.infer<typeof StandingDraft>

export const StandingShown = Meant.extend({
  id: z.string(),
  number: z.number().int(),
  organisationId: z.string(),
  role: Role.nullable(),
  endpoints: z.array(z.string()).nullable(),
  state: z.enum(['unsigned', 'in force', 'over', 'withdrawn', 'dropped']),
  endsAt: z.number().int(),
  askedBy: z.string(),
  askedAt: z.number().int(),
  reason: z.string(),
  signedBy: z.array(z.string()),
  /** Somebody who signed it is an operator no longer: machines don't run it any more. */
  isSignerGone: z.boolean(),
  /** The bytes that wait for a signature: its own, or those of its withdrawal. */
  waiting: z.object({ payload: z.string(), signedBy: z.array(z.string()), needed: z.number().int() }).nullable(),
  /** By machine: whether it keeps the newest version, and what it did. Text of machines. */
  machines: z.array(
    z.object({
      endpointId: z.string(),
      hostname: z.string(),
      delivery: z.string(),
      detail: z.string(),
      runs: z.number().int(),
      lastRunAt: z.number().nullable(),
      lastOutcome: z.string(),
    }),
  ),
})
export type StandingShown = z.infer<typeof StandingShown>

/** GET /api/standing-orders: those of what the caller may see, the newest first. */
export const StandingQuery = z.object(newestFirst(100))
export const StandingList = z.object({ drafts: z.array(StandingDraft), orders: z.array(StandingShown), hasMore: z.boolean() })
export type StandingList = z.infer<typeof StandingList>

/** POST /api/standing-orders: 201; a draft, or one of your own, or a draft with something else in its place. It waits for signatures where it needs some. */
export const NewStanding = z.object({
  organisationId: z.string().max(64),
  draft: z.string().max(60).optional(),
  name: z.string().max(80).optional(),
  role: Role.exclude(['unknown']).optional(),
  endpoints: z.array(z.string().max(64)).min(1).max(250).optional(),
  verb: z.string().max(100).optional(),
  args: z.record(z.string(), z.unknown()).optional(),
  argsFrom: z.record(z.string(), z.string()).optional(),
  /** A window without a zone goes by the clock of each machine's site, else of its organisation. */
  when: z.union([Window.omit({ zones: true }).partial({ timeZone: true }), OnSignal]).optional(),
  mostRuns: z.number().int().min(1).max(1_000).optional(),
  days: z.number().int().min(1).max(180).optional(),
  reason: z.string().trim().min(1).max(500),
})
export type NewStanding = z.input<typeof NewStanding>
export const StandingAsked = z.object({ id: z.string(), status: z.enum(['unsigned', 'signed']) })

/** POST /api/standing-orders/:id/signatures: a compact JWS over `waiting.payload`. /withdraw asks for its end, or drops one that nobody signed. */
export const WithdrawStanding = z.object({ reason: z.string().trim().min(1).max(500) })
