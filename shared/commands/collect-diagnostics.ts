import { z } from 'zod'
import { hours } from '../domain/time.ts'
import { defineCommand } from './define-command.ts'

export default defineCommand({
  verb: 'collect-diagnostics',
  title: 'Collect processes, connections, log-ons, recent warnings and the way to the network',
  args: z.object({}),
  output: z.object({
    sections: z.array(z.object({ name: z.string(), text: z.string(), isCut: z.boolean(), sha256: z.string() })),
    /** The whole of it; absent where it could not be handed over. */
    archive: z.object({ sha256: z.string(), bytes: z.number().int() }).optional(),
  }),
  risk: 'protective',
  ttlMs: hours(4),
  platforms: ['linux'],
  isIdempotent: true,
})
