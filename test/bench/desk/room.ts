import pino from 'pino'
import { openMatrices } from '../../../server/desk/matrices.ts'
import { createIngest, type Ingest } from '../../../server/ingest/ingest.ts'
import { createLoops } from '../../../server/pipeline/loop.ts'
import { createPipeline, type Pipeline } from '../../../server/pipeline/pipeline.ts'
import { createTurns, type Turns } from '../../../server/pipeline/turns.ts'
import type { Store } from '../../../server/store/store.ts'
import { systemTime } from '../../../server/system-time.ts'
import { letMachinesBeLoud } from '../../support/loud-machines.ts'

/** Ingest and pipeline of a collector, without its doors. */
export interface Room {
  ingest: Ingest
  pipeline: Pipeline
  stop(): Promise<void>
}

/** @param onHandled told after each commit of the pipeline which signals it handled. */
export async function openRoom(store: Store, onHandled: (signalIds: readonly string[]) => void): Promise<Room> {
  const time = systemTime
  const log = pino({ level: 'warn' })
  const matrices = await openMatrices({ store, time })
  // Thousands of tickets of a thousand machines: none of them shall be too loud for tickets of its own.
  await letMachinesBeLoud({ matrices })
  const loops = createLoops({ time, log })
  const turns = watched(createTurns(store.db), onHandled)
  const pipeline = createPipeline({
    store,
    rules: matrices.rules,
    time,
    log,
    turns,
    loops,
    isBusy: () => ingest.isBusy(),
    afterCommit: () => undefined,
  })
  const nothing = async (): Promise<void> => undefined
  const ingest = createIngest({
    ...{ store, time, keepers: { keepSamples: nothing, keepInventory: nothing, keepResults: nothing } },
    onCommitted: ({ hasWork, hasSecurity }) => {
      if (hasWork) pipeline.nudge(hasSecurity)
    },
  })
  const stop = async (): Promise<void> => {
    await ingest.idle()
    await pipeline.stop()
  }
  return { ingest, pipeline, stop }
}

interface Decided {
  world: { marks: readonly { signalId: string }[] }
}

/** What a round decided is committed when its turn is over. */
function watched(turns: Turns, onHandled: (signalIds: readonly string[]) => void): Turns {
  return Object.assign(<Result>(work: Parameters<typeof turns<Result>>[0]) => turns(work), {
    async prepared<Prepared, Result>(...[prepare, keep]: Parameters<typeof turns.prepared<Prepared, Result>>): Promise<Result> {
      let decided: Prepared | undefined
      const kept = await turns.prepared(
        async () => {
          decided = await prepare()
          return decided
        },
        (tx, prepared) => keep(tx, prepared),
      )
      if (isDecided(decided)) onHandled(decided.world.marks.map(({ signalId }) => signalId))
      return kept
    },
  })
}

const isDecided = (value: unknown): value is Decided => typeof value === 'object' && value !== null && 'world' in value
