import { randomUUIDv7 } from 'node:crypto'
import type { Store } from '../../../server/store/store.ts'

const forMs = 2_000
const rowsPerCommit = 500

/** Rows a second that the same database takes in commits of as many, with nothing decided on them. */
export async function bareCommits({ db, capabilities }: Store): Promise<number> {
  const startedAt = performance.now()
  let rows = 0
  while (performance.now() - startedAt < forMs) {
    const batch = Array.from({ length: rowsPerCommit }, () => rowOf(randomUUIDv7()))
    await db.transaction().execute((tx) => capabilities.putRows(tx, 'digest_lines', batch, 'ignore'))
    rows += rowsPerCommit
  }
  return Math.round((rows * 1_000) / (performance.now() - startedAt))
}

/** A line that was told long ago: nobody looks at it. */
const rowOf = (id: string) => ({
  ...{ id, organisation_id: 'bench', endpoint_id: null, team: 'bench', signal_id: id, summary: 'bench' },
  ...{ at: Date.now(), sent_at: Date.now() },
})
