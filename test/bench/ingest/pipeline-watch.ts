import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { minutes } from '#shared/domain/time.ts'

/** How far the pipeline is behind ingest, read from the collector's own database while it runs. */
export interface PipelineWatch {
  /** Signals that are committed and not yet decided. */
  backlog(): number
  /** Resolves with the milliseconds until nothing is left to decide. */
  drained(): Promise<number>
  /** From the first commit to the second, of the newest `count` signals. */
  lagsMs(count: number): number[]
  close(): void
}

export function watchPipeline(file: string): PipelineWatch {
  const database = new DatabaseSync(file, { readOnly: true })
  const backlog = (): number => Number(database.prepare('select count(*) as behind from signals where handled_at is null').get()?.behind)
  return {
    backlog,
    drained: async () => {
      const startedAt = performance.now()
      while (backlog() > 0) {
        if (performance.now() - startedAt > minutes(3))
          throw new Error(`the pipeline is still ${backlog()} signals behind after three minutes`)
        await sleep(20)
      }
      return Math.round(performance.now() - startedAt)
    },
    lagsMs: (count) => {
      const newest = 'select handled_at - received_at as lag from signals order by received_at desc limit ?'
      return database
        .prepare(newest)
        .all(count)
        .map((row) => Number(row.lag))
    },
    close: () => database.close(),
  }
}
