import { z } from 'zod'

/**
 * A person's; a role is a machine's. Which team has which stands in the matrix (defaults §9). `ask-release`: to release once
 * one of the provider agrees. `look-after`, `run-library` and `run-anything` are of remote commands, from what heals to a shell.
 */
export const Power = z.enum([
  ...(['work-tickets', 'answer-ask', 'isolate', 'release', 'ask-release', 'administer'] as const),
  ...(['look-after', 'run-library', 'run-anything'] as const),
])
export type Power = z.infer<typeof Power>

/** POST /api/session */
export const SignIn = z.object({ login: z.string().min(1).max(200), password: z.string().min(1).max(1_000) })
export type SignIn = z.infer<typeof SignIn>

/** As the collector takes a new one: long enough that nobody needs odd letters. */
export const NewPassword = z.string().min(12).max(1_000)
/** POST /api/session/password: one's own; 204. Their other sessions end; tokens of programs go on. */
export const PasswordChange = z.object({ current: z.string().min(1).max(1_000), next: NewPassword })
export type PasswordChange = z.infer<typeof PasswordChange>

/** GET /api/session, and the answer to signing in. DELETE /api/session signs out; 204. */
export const Session = z.object({
  person: z.object({
    id: z.string(),
    name: z.string(),
    login: z.string(),
    isAdmin: z.boolean(),
    teams: z.array(z.string()),
    /** null: staff of the provider, sees every organisation. */
    organisationId: z.string().nullable(),
  }),
  powers: z.array(Power),
  collectorVersion: z.string(),
  /** Whose word machines take: the collector's own key, or that of operators, and how many they are. */
  trust: z.object({ by: z.enum(['collector', 'operators']), operators: z.number().int() }),
})
export type Session = z.infer<typeof Session>
