import { z } from 'zod'
import { hours } from '../domain/time.ts'
import { defineCommand } from './define-command.ts'

export default defineCommand({
  verb: 'restore-file',
  title: 'Put a file back that was sealed away, where it was and as it was',
  args: z.object({ quarantineId: z.uuid() }),
  output: z.object({ path: z.string(), sha256: z.string() }),
  risk: 'high',
  ttlMs: hours(4),
  platforms: ['linux'],
  isIdempotent: false,
})
