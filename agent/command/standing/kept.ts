import { z } from 'zod'
import { SignedStanding, StandingPause } from '#shared/domain/standing.ts'
import { longestStandingMs, StandingOrder } from '#shared/protocol/standing-order.ts'
import type { JsonFile } from '../../json-file.ts'
import { RunOrder } from '../journal.ts'

/*
 * The standing orders that this machine keeps, what each has done, and what is about to be done. Promises: `write` is
 * durable when it resolves, so a run is counted, and its trigger spent, before it begins. On failure it rejects.
 */

const Kept = z.object({
  signed: SignedStanding,
  order: StandingOrder,
  keptAt: z.number(),
  /** Of its site, as the collector said it. */
  timeZone: z.string().max(60).optional(),
  runs: z.number().int().nonnegative(),
  /** Triggers that are spent, the newest last. */
  spent: z.array(z.string()),
  /** By trouble when it last ran, epoch ms. */
  ranAt: z.record(z.string(), z.number()),
})
export type Kept = z.infer<typeof Kept>

const State = z.object({ v: z.literal(1), orders: z.array(Kept), pending: z.array(RunOrder), pause: StandingPause })
export type State = z.infer<typeof State>

/** A trigger comes back within hours, if at all; a run spends one. */
const maxSpent = 500

export const nothingKept = (): State => ({ v: 1, orders: [], pending: [], pause: { scripts: false, isolationUntil: 0 } })

/** A file that can't be read has been set aside: the orders come again, and what they did before is not counted twice but anew. */
export async function readState(file: JsonFile): Promise<State> {
  const read = await file.read()
  const parsed = read.kind === 'value' ? State.safeParse(read.value) : undefined
  return parsed?.data ?? nothingKept()
}

/** A withdrawal is remembered as long as anything signed before it could still be played back. */
export const withoutPast = (orders: readonly Kept[], now: number): Kept[] =>
  orders.filter(({ order }) => (order.isWithdrawn ? order.issuedAt + longestStandingMs : order.endsAt) > now)

export function spend(kept: Kept, key: string, trouble: string | null, now: number): Kept {
  const ranAt = trouble === null ? kept.ranAt : Object.fromEntries([...Object.entries(kept.ranAt), [trouble, now]].slice(-maxSpent))
  return { ...kept, runs: kept.runs + 1, spent: [...kept.spent, key].slice(-maxSpent), ranAt }
}
