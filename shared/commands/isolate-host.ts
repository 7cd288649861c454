import { z } from 'zod'
import { IsolationStatus } from '../domain/endpoint.ts'
import { hours } from '../domain/time.ts'
import { defineCommand } from './define-command.ts'

export default defineCommand({
  verb: 'isolate-host',
  title: 'Cut this endpoint off from everything but its collector',
  args: z.object({ ticketId: z.string().max(64).optional() }),
  output: IsolationStatus,
  risk: 'protective',
  ttlMs: hours(24),
  isIdempotent: true,
  isUrgent: true,
})
