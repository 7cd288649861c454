import { z } from 'zod'
import { Role } from './endpoint.ts'
import { Severity } from './severity.ts'
import { Facts } from './signal.ts'

/**
 * The warm-transfer packet: what goes with a ticket to its next people, so that nobody asks the customer to explain it
 * again. Collected by the collector at the instant of the hop. Text from machines and people: never markup.
 */
export const Packet = z.object({
  machine: z
    .object({
      hostname: z.string(),
      role: Role,
      system: z.string(),
      hardware: z.string(),
      memoryBytes: z.number(),
      uptimeSeconds: z.number().nullable(),
    })
    .nullable(),
  /** The newest signals, newest first. */
  evidence: z.array(z.object({ at: z.number(), kind: z.string(), severity: Severity, summary: z.string(), facts: Facts })),
  /** Of the last hour; null: the machine sent nothing. */
  health: z
    .object({
      samples: z.number(),
      busyRatio: z.object({ mean: z.number(), max: z.number() }),
      availableMemoryRatio: z.object({ mean: z.number(), min: z.number() }),
      disks: z.array(z.object({ mount: z.string(), usedRatio: z.number(), freeBytes: z.number() })),
    })
    .nullable(),
  /** What stands on the timeline of what people and the machine did, oldest first. */
  tried: z.array(z.string()),
  /** What the provider's people said among themselves; people of the customer never see it. */
  internal: z.array(z.string()).optional(),
  hypothesis: z.string(),
})
export type Packet = z.infer<typeof Packet>
