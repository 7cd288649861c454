import { valueIn } from '#shared/domain/sample-columns.ts'
import { minutes, type Time } from '#shared/domain/time.ts'
import type { TakenSamples } from '../ingest/batch.ts'
import type { PutRows } from '../pipeline/changes.ts'
import type { Tx } from '../store/store.ts'
import { noteSettlings } from './settling.ts'

/** Where the uptime stands among the columns of a sample. */
const uptimeColumn = 8
/** What started longer ago makes nothing wait any more. */
const freshMs = minutes(30)
/** Two readings of one start differ by this at most. */
const toleranceMs = minutes(1)

/** Sees by their uptime that machines were started, though nobody announced it; written down once a start. */
export function createBoots({
  time,
  putRows,
}: {
  time: Time
  putRows: PutRows
}): (tx: Tx, taken: readonly TakenSamples[]) => Promise<void> {
  const known = new Map<string, number>()
  return async (tx, taken) => {
    const now = time.now()
    const started = taken.flatMap(({ from: { endpointId, clockBehindMs }, columns: { at, columns } }) => {
      const last = at.length - 1
      const bootedAt = (at[last] ?? 0) + clockBehindMs - valueIn(columns[uptimeColumn], last) * 1_000
      const isNews = bootedAt > now - freshMs && bootedAt <= now && Math.abs((known.get(endpointId) ?? 0) - bootedAt) > toleranceMs
      return isNews
        ? [{ endpoint_id: endpointId, why: 'reboot' as const, began_at: Math.round(bootedAt), back_at: Math.round(bootedAt) }]
        : []
    })
    if (started.length === 0) return
    await noteSettlings(tx, putRows, started)
    for (const { endpoint_id, back_at } of started) known.set(endpoint_id, back_at)
  }
}
