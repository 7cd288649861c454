import { z } from 'zod'
import { IsolationStatus } from '../domain/endpoint.ts'
import { hours } from '../domain/time.ts'
import { defineCommand } from './define-command.ts'

export default defineCommand({
  verb: 'release-host',
  title: 'Undo the isolation of this endpoint',
  args: z.object({ ticketId: z.string().max(64).optional() }),
  output: IsolationStatus,
  risk: 'low',
  ttlMs: hours(24),
  platforms: ['linux'],
  isIdempotent: true,
  isUrgent: true,
})
