import { sentenceOf } from '#shared/domain/fault.ts'
import type { Suspension } from '../../suspend/suspend.ts'
import type { SenseSettings } from '../define-detector.ts'
import type { Tree } from './trees.ts'

/** Halts a tree, unless what names it is in doubt. Never rejects: whatever becomes of the halting, the attack is said. */
export async function halt(
  { top }: Tree,
  why: string,
  { suspend, mayHalt }: Pick<SenseSettings, 'suspend'> & { mayHalt: boolean },
): Promise<Suspension | undefined> {
  if (!suspend) return undefined
  if (!mayHalt) return { kind: 'not-suspended', reason: 'somebody makes up who wrote which file' }
  try {
    return await suspend(top, why)
  } catch (error) {
    return { kind: 'not-suspended', reason: sentenceOf(error) }
  }
}
