import { z } from 'zod'
import { Platform } from '../domain/endpoint.ts'
import { hours } from '../domain/time.ts'
import { defineCommand } from './define-command.ts'

export default defineCommand({
  verb: 'rearm-canaries',
  title: 'Put this endpoint’s decoy files back as they were',
  args: z.object({}),
  output: z.object({ rearmed: z.number().int().nonnegative() }),
  risk: 'protective',
  ttlMs: hours(24),
  platforms: Platform.options,
  isIdempotent: true,
  isUrgent: true,
})
