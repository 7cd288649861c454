import type { Evidence, Facts } from '#shared/domain/signal.ts'
import type { SenseSettings } from '../define-detector.ts'
import { isFileServer } from '../encryption/shares.ts'
import { describeSuspension, describeWriter, type Look } from '../writers/describe.ts'
import { halt } from '../writers/halt.ts'
import type { Observation } from './examine.ts'
import type { Verdict } from './touches.ts'

export interface Accused {
  facts: Facts
  evidence: Evidence[]
}

/** The kernel's word comes within a millisecond or two of the file's; a signal waits no longer for it. */
const waitMs = 10

/** Who touched a decoy; halted at once where row 1 of the matrix and the policy let it. */
export async function accuse(
  path: string,
  verdict: Verdict,
  observation: Observation & { kind: 'touched' },
  { writers, suspend }: Pick<SenseSettings, 'writers' | 'suspend'>,
  look: Look,
): Promise<Accused> {
  const tree = await writers?.of([observation.where, path], waitMs)
  const isAttack = verdict.change === 'unreadable' || (verdict.change !== 'packed' && verdict.touched.length >= 2)
  const mayHalt = writers?.areTrusted() ?? false
  const mustHalt = tree && isAttack && !isFileServer(tree.top)
  const suspension = mustHalt ? await halt(tree, 'a decoy was made unreadable', { ...(suspend && { suspend }), mayHalt }) : undefined
  const { facts, evidence } = await describeWriter(tree, look)
  return { facts: { technique: 'T1486', ...facts, ...describeSuspension(suspension) }, evidence }
}
