import { z } from 'zod'
import { ProcessNamed } from '../domain/process.ts'
import { hours } from '../domain/time.ts'
import { defineCommand } from './define-command.ts'

export default defineCommand({
  verb: 'suspend-process',
  title: 'Halt a process, which can go on later; never one of the system’s own',
  args: ProcessNamed,
  output: z.object({ name: z.string() }),
  risk: 'medium',
  ttlMs: hours(1),
  platforms: ['linux'],
  isIdempotent: true,
  isUrgent: true,
})
