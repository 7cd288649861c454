import { z } from 'zod'

/** A process, and no later one that was given its number: `startTicks` is when it began, in ticks since boot (Linux, proc(5)). */
export const ProcessNamed = z.object({ pid: z.number().int().min(1).max(4_194_304), startTicks: z.number().int().nonnegative() })
export type ProcessNamed = z.infer<typeof ProcessNamed>
