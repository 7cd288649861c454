import { z } from 'zod'

/**
 * The life of a bulk order. `unsigned`: it waits for operators; `stopped`: too much failed, or a person said so, and a
 * person says whether it goes on; `done`: every machine's turn came and has ended; `ended`: a person ended it before;
 * `expired`: its time was over before every machine's turn had come.
 */
export const BulkStatus = z.enum(['requested', 'unsigned', 'running', 'stopped', 'done', 'ended', 'expired'])
export type BulkStatus = z.infer<typeof BulkStatus>

/** As many as one order names. */
export const maxBulkEndpoints = 1_000

/** One, then a tenth, then all: so many machines in each stage. A mistake then hits one machine, and a rare one a few. */
export function stagesOf(count: number): number[] {
  const tenth = Math.min(Math.ceil(count / 10), count - 1)
  return [1, tenth, count - 1 - tenth].filter((size) => size > 0)
}

/** Which stage the machine in this place of the list belongs to, the first being 0. */
export function stageAt(sizes: readonly number[], place: number): number {
  let end = 0
  for (const [stage, size] of sizes.entries()) {
    end += size
    if (place < end) return stage
  }
  return sizes.length - 1
}
