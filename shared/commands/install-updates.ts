import { z } from 'zod'
import { hours } from '../domain/time.ts'
import { defineCommand } from './define-command.ts'

const Change = z.object({ name: z.string(), from: z.string(), to: z.string() })

/** What the distribution itself offers, with the settings that stand on the machine; nothing is removed, no release is changed. */
export default defineCommand({
  verb: 'install-updates',
  title: 'Install the updates that the distribution offers',
  args: z.object({}),
  output: z.object({ changed: z.array(Change), count: z.number().int(), needsRestart: z.boolean() }),
  risk: 'medium',
  ttlMs: hours(4),
  platforms: ['linux'],
  isIdempotent: false,
})
