import { z } from 'zod'
import { Interpreter, ScriptText } from '../commands/run-script.ts'
import { Platform } from '../domain/endpoint.ts'

const ScriptName = z
  .string()
  .trim()
  .regex(/^[a-z0-9][a-z0-9-]{0,59}$/, 'a name has small letters, digits and dashes, such as clear-print-queue')

/** GET /api/scripts: the newest first. Only those that somebody else has reviewed can be asked for by name or hash. */
export const Script = z.object({
  id: z.string(),
  name: z.string(),
  sha256: z.string(),
  interpreter: Interpreter,
  platforms: z.array(Platform),
  text: z.string(),
  writtenBy: z.string(),
  writtenAt: z.number().int(),
  reviewedBy: z.string().nullable(),
  reviewedAt: z.number().int().nullable(),
  /** Its reviewer wrote it: there was nobody else. */
  isSelfReviewed: z.boolean(),
})
export type Script = z.infer<typeof Script>
export const ScriptList = z.object({ scripts: z.array(Script) })

/** POST /api/scripts (power isolate, staff of the provider): 201; it waits for its review. The same name again takes the place of the old one once it is reviewed. */
export const NewScript = z.object({
  name: ScriptName,
  interpreter: Interpreter.default('sh'),
  platforms: z.array(Platform).min(1).max(3).default(['linux']),
  text: ScriptText,
})
export type NewScript = z.input<typeof NewScript>

/** POST /api/scripts/:id/review, by another person than wrote it, with the hash of what they read; DELETE /api/scripts/:id retires it. Both answer 204. */
export const ScriptReview = z.object({ sha256: z.string().length(64) })

/** How people name a script in `args` of run-script: its newest reviewed text by name, or exactly one by hash. */
export const NamedScript = z.union([
  z.strictObject({ name: ScriptName, timeoutSeconds: z.number().int().min(1).max(900).optional() }),
  z.strictObject({ sha256: z.string().length(64), timeoutSeconds: z.number().int().min(1).max(900).optional() }),
])
export type NamedScript = z.infer<typeof NamedScript>
