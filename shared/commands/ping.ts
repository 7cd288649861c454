import { z } from 'zod'
import { Platform } from '../domain/endpoint.ts'
import { minutes } from '../domain/time.ts'
import { defineCommand } from './define-command.ts'

export default defineCommand({
  verb: 'ping',
  title: 'Answer, to show that commands arrive',
  args: z.object({}),
  output: z.object({ uptimeSeconds: z.number() }),
  risk: 'protective',
  ttlMs: minutes(10),
  platforms: Platform.options,
  isIdempotent: true,
  isUrgent: true,
})
