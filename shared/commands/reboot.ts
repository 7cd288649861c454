import { z } from 'zod'
import { hours } from '../domain/time.ts'
import { defineCommand } from './define-command.ts'

export default defineCommand({
  verb: 'reboot',
  title: 'Restart this machine, after a warning to whoever is signed in',
  args: z.object({ afterMinutes: z.number().int().min(1).max(240).default(5) }),
  output: z.object({ afterMinutes: z.number().int() }),
  risk: 'medium',
  ttlMs: hours(1),
  platforms: ['linux', 'macos'],
  isIdempotent: false,
})
