import { z } from 'zod'
import { hours } from '../domain/time.ts'
import { defineCommand } from './define-command.ts'

const isPlainPath = (path: string): boolean =>
  path.startsWith('/') &&
  path.length > 1 &&
  !path
    .split('/')
    .slice(1)
    .some((part) => part === '' || part === '.' || part === '..') &&
  !/\p{Cc}/u.test(path)

export default defineCommand({
  verb: 'restore-from-backup',
  title: 'Put folders back as they were in the last verified backup before an instant',
  args: z.object({
    /** Folders or files, whole, without links. */
    paths: z
      .array(z.string().max(1_000).refine(isPlainPath, 'expected a whole path such as /srv/files, with no . and no ..'))
      .min(1)
      .max(20),
    /** Older than this: when the first evidence was seen. Epoch ms. */
    before: z.number().int().positive(),
    /** This one, verified or not, instead of the last verified. */
    snapshot: z
      .string()
      .regex(/^[0-9a-f]{64}$/, 'expected the whole id of a snapshot')
      .optional(),
  }),
  output: z.object({
    snapshot: z.string(),
    snapshotAt: z.number(),
    restored: z.number(),
    unchanged: z.number(),
    /** What was there before lies beside it under this ending. */
    keptAs: z.string(),
    /** Why not, of the first so many. */
    left: z.array(z.string()),
  }),
  risk: 'high',
  ttlMs: hours(24),
  platforms: ['linux'],
  // Each file is put in its place by one rename, and one that is there already is left alone.
  isIdempotent: true,
})
