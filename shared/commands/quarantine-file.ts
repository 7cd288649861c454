import { z } from 'zod'
import { hours } from '../domain/time.ts'
import { defineCommand } from './define-command.ts'

export default defineCommand({
  verb: 'quarantine-file',
  title: 'Seal a file away, so that nobody runs it and nothing of it is lost',
  args: z.object({
    path: z.string().min(2).max(4_000).startsWith('/', 'a path begins with /'),
    /** Refused when the file is another by now. */
    sha256: z
      .string()
      .regex(/^[0-9a-f]{64}$/, 'expected 64 hexadecimal digits')
      .optional(),
  }),
  output: z.object({ quarantineId: z.string(), sha256: z.string(), bytes: z.number().int() }),
  risk: 'medium',
  ttlMs: hours(4),
  platforms: ['linux'],
  isIdempotent: false,
  isUrgent: true,
})
