import { z } from 'zod'
import { IsolationStatus } from '../domain/endpoint.ts'
import { CallWhom, Language } from '../domain/language.ts'
import { hours } from '../domain/time.ts'
import { defineCommand } from './define-command.ts'

export default defineCommand({
  verb: 'isolate-host',
  title: 'Cut this endpoint off from everything but its collector',
  args: z.object({
    ticketId: z.string().max(64).optional(),
    /** What the person at the machine is told: whom to call, and in which language. */
    callWhom: CallWhom.optional(),
    language: Language.optional(),
  }),
  output: IsolationStatus,
  risk: 'protective',
  ttlMs: hours(24),
  platforms: ['linux'],
  isIdempotent: true,
  isUrgent: true,
})
