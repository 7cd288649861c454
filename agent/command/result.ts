import type { CommandOutcome } from '#shared/domain/command.ts'
import type { ResultRecord } from '#shared/protocol/record.ts'
import type { StandingRun } from '#shared/protocol/standing-order.ts'
import type { VerbOutcome } from './verb.ts'

export type Settled = Omit<VerbOutcome, 'outcome'> & { outcome: CommandOutcome }

/** What is answered for: a command, or what this machine did by itself. */
export interface Answered {
  id: string
  verb: string
  standing?: StandingRun | undefined
}

/** What ResultRecord takes. */
const maxDetail = 1_000

/** One that a standing order brought about says which, and which run of how many: that is what its ticket tells. */
export function resultOf({ id, verb, standing }: Answered, startedAt: number | null, settled: Settled, now: number): ResultRecord {
  const { outcome, detail, output, isolation } = settled
  return {
    ...{ v: 1, type: 'result', commandId: id, verb, outcome, startedAt, finishedAt: now },
    detail: `${standing ? sourceOf(standing) : ''}${detail}`.slice(0, maxDetail),
    ...(output && { output }),
    ...(isolation && { isolation }),
    ...(standing && { standing }),
  }
}

const sourceOf = ({ name, run, mostRuns }: StandingRun): string =>
  `standing order “${name}”, ${run === 0 ? 'turned away' : `run ${run} of ${mostRuns}`}: `
