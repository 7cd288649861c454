import type { RecordBody } from '#shared/protocol/record.ts'
import { recordOf } from './signal.ts'

/** It stands in the new epoch from the start, so that no crash can come between the two. */
export function reportOfRestart(reason: string, epoch: string, now: number): RecordBody {
  return recordOf(
    {
      ...{ kind: 'system.spool.restarted', fingerprint: 'system.spool.restarted', severity: 'medium', about: epoch, detector: 'spool' },
      summary: `The agent began a new spool: ${reason}`,
    },
    now,
  )
}
