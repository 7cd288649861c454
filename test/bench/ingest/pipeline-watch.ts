import { setTimeout as sleep } from 'node:timers/promises'
import { minutes } from '#shared/domain/time.ts'
import { openStore } from '../../../server/store/store.ts'

/** How far the pipeline is behind ingest, read from the collector's own database while it runs. */
export interface PipelineWatch {
  /** Signals that are committed and not yet decided. */
  backlog(): Promise<number>
  /** Resolves with the milliseconds until nothing is left to decide. */
  drained(): Promise<number>
  /** From the first commit to the second, of the newest `count` signals. */
  lagsMs(count: number): Promise<number[]>
  close(): Promise<void>
}

export async function watchPipeline(storeUrl: string): Promise<PipelineWatch> {
  const store = await openStore(storeUrl)
  const signals = () => store.reader.selectFrom('signals')
  const backlog = async (): Promise<number> => {
    const unhandled = signals().where('handled_at', 'is', null)
    const { behind } = await unhandled.select(({ fn }) => fn.countAll<number | string>().as('behind')).executeTakeFirstOrThrow()
    return Number(behind)
  }
  return {
    backlog,
    drained: async () => {
      const startedAt = performance.now()
      for (let behind = await backlog(); behind > 0; behind = await backlog()) {
        if (performance.now() - startedAt > minutes(5)) throw new Error(`the pipeline is still ${behind} signals behind after five minutes`)
        await sleep(50)
      }
      return Math.round(performance.now() - startedAt)
    },
    lagsMs: async (count) => {
      const newest = await signals().select(['received_at', 'handled_at']).orderBy('arrival', 'desc').limit(count).execute()
      return newest.map(({ received_at, handled_at }) => Number(handled_at) - received_at)
    },
    close: () => store.close(),
  }
}
