import { z } from 'zod'
import { hours } from '../domain/time.ts'
import { defineCommand } from './define-command.ts'

/** As JSON writes it: signed and in base64url it then fits a frame, with room for whom it is for and why. */
const maxSignedBytes = 40_000
const bytesAsJson = (text: string): number => new TextEncoder().encode(JSON.stringify(text)).length

export const ScriptText = z
  .string()
  .min(1)
  .max(30_000)
  .refine((text) => bytesAsJson(text) <= maxSignedBytes, 'the script is too long to be signed; shorten it')

/** Programs that read a script from a file; the machine says where it has none of that name. */
export const Interpreter = z.enum(['sh', 'bash', 'python3'])
export type Interpreter = z.infer<typeof Interpreter>

/** The text itself is signed, so what was reviewed is what runs; its hash is how people name it. */
export default defineCommand({
  verb: 'run-script',
  title: 'Run a script, with a limit to its time and its output',
  args: z.object({
    script: ScriptText,
    interpreter: Interpreter.default('sh'),
    sha256: z.string().regex(/^[0-9a-f]{64}$/, 'expected 64 hexadecimal digits'),
    timeoutSeconds: z.number().int().min(1).max(900).default(60),
  }),
  output: z.object({
    exitCode: z.number().int().nullable(),
    text: z.string(),
    isCut: z.boolean(),
    endedBy: z.enum(['itself', 'time limit']),
  }),
  risk: 'high',
  ttlMs: hours(4),
  platforms: ['linux', 'macos'],
  isIdempotent: false,
})
