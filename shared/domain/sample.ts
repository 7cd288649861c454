import { z } from 'zod'

const ratio = z.number().min(0).max(1)
const bytes = z.number().nonnegative()

/** Numbers about health at one instant. Many, small; the first to be dropped when space runs out. */
export const Sample = z.object({
  /** Agent's clock, epoch ms. */
  at: z.number().int().nonnegative(),
  processor: z.object({ busyRatio: ratio, load1: z.number(), load5: z.number(), load15: z.number() }),
  memory: z.object({ totalBytes: bytes, availableBytes: bytes, swapTotalBytes: bytes, swapUsedBytes: bytes }),
  disks: z.array(z.object({ mount: z.string().max(1_024), totalBytes: bytes, freeBytes: bytes, usedRatio: ratio })).max(200),
  networks: z
    .array(z.object({ name: z.string().max(100), receivedBytesPerSecond: bytes, sentBytesPerSecond: bytes, errorsPerSecond: bytes }))
    .max(200),
  uptimeSeconds: z.number().nonnegative(),
})
export type Sample = z.infer<typeof Sample>
