import { z } from 'zod'
import { minutes } from '../domain/time.ts'
import { defineCommand } from './define-command.ts'

/** Protective, because only services run that this machine's own configuration lists. */
export default defineCommand({
  verb: 'restart-service',
  title: 'Restart a service that this machine lists',
  args: z.object({ unit: z.string().regex(/^[A-Za-z0-9@._:-]{1,200}$/, 'a unit is one word, such as nginx.service') }),
  output: z.object({ state: z.string() }),
  risk: 'protective',
  ttlMs: minutes(30),
  platforms: ['linux'],
  isIdempotent: true,
})
