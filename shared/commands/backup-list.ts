import { z } from 'zod'
import { hours } from '../domain/time.ts'
import { defineCommand } from './define-command.ts'

/** A snapshot of this machine's own backup. `verifiedAt`: a sample of it was restored and compared then. */
export const Snapshot = z.object({
  id: z.string().regex(/^[0-9a-f]{64}$/, 'expected the whole id of a snapshot'),
  at: z.number(),
  paths: z.array(z.string()),
  verifiedAt: z.number().nullable(),
})
export type Snapshot = z.infer<typeof Snapshot>

export default defineCommand({
  verb: 'backup-list',
  title: 'List the snapshots of this machine’s backup, and which of them are verified',
  args: z.object({}),
  output: z.object({
    snapshots: z.array(Snapshot),
    isCut: z.boolean(),
    /** The restic of this machine, and by name what it can do beyond 0.14. Absent: an agent that doesn't say. */
    restic: z.object({ version: z.string().max(40).nullable(), features: z.array(z.string().max(40)).max(20) }).optional(),
  }),
  risk: 'low',
  ttlMs: hours(4),
  platforms: ['linux'],
  isIdempotent: true,
})
