import type { Matrix } from '../route/matrix.ts'
import type { Tx } from '../store/store.ts'
import { raiseAccused } from './following/accused.ts'
import { raiseOften } from './following/often.ts'
import { raiseScattered } from './following/scattered.ts'
import { raiseWorsened } from './following/worsened.ts'
import type { SignalRow } from './world.ts'

/*
 * What several signals say together and none of them alone. Enters: those that were handled now. Leaves: troubles of our own, which the
 * next round finds. Promises: counted over what is stored, in the transaction that handles the latest of them, so a crash neither forgets
 * one nor says it twice. Threat: a machine that speaks of others is heard about machines of its own site only, and a person decides.
 */
const each = [raiseOften, raiseAccused, raiseScattered, raiseWorsened]

/** @returns whether anything was raised. */
export async function raiseFollowing(tx: Tx, signals: readonly SignalRow[], matrix: Matrix, now: number): Promise<boolean> {
  let hasRaised = false
  for (const raise of each) hasRaised = (await raise(tx, signals, matrix, now)) || hasRaised
  return hasRaised
}
