import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { days, type Time } from '#shared/domain/time.ts'
import { createAudit } from '../audit/audit.ts'
import { keepResults } from '../command/command.ts'
import { createDispatcher, type Dispatcher, type DispatcherOptions } from '../command/dispatcher.ts'
import { openMatrices } from '../desk/matrices.ts'
import { openCommandAuthority } from '../identity/command-authority.ts'
import { createIngest } from '../ingest/ingest.ts'
import { createLiveBus } from '../live.ts'
import { createPeople } from '../people/people.ts'
import { type Kept, tellOutside } from '../pipeline/keep.ts'
import { createLoops } from '../pipeline/loop.ts'
import { createPipeline, type Pipeline } from '../pipeline/pipeline.ts'
import { createTurns } from '../pipeline/turns.ts'
import { openStore, type Store } from '../store/store.ts'
import { keepEntries } from '../ticket/ticket.ts'
import { isolated, machineOf, madeUpAttack } from './made-up.ts'

/** A desk with its intake and its dispatcher, on a database that nobody else has. */
export interface Stage extends AsyncDisposable {
  /** One attack, to the proof of its isolation. @param count of those before it. @returns whether an isolation was ordered. */
  attack(count: number): Promise<boolean>
}

interface StageOptions {
  /** Where its database lies while it stands. */
  dataDir: string
  time: Time
  log: Logger
}

export async function openStage({ dataDir, time: real, log }: StageOptions): Promise<Stage> {
  await using teardowns = new AsyncDisposableStack()
  const store = await openOwnStore(dataDir, teardowns)
  // Days lie between two attacks, so that none is held for being one of many.
  let sinceMs = 0
  const time: Time = { now: () => real.now() + sinceMs, monotonic: real.monotonic, after: real.after }
  const { organisationId } = await createPeople({ store, time, audit: createAudit({ time }) }).ensureFirstRun({
    mode: 'live',
    timeZone: 'UTC',
  })
  const { ingest, pipeline, dispatcher, ordered } = await openRooms(store, { time, log }, teardowns)
  const settled = async (): Promise<void> => {
    await pipeline.idle()
    await dispatcher.idle()
  }
  const opened = teardowns.move()
  return {
    async attack(count) {
      sinceMs = days(2 * count)
      const from = await machineOf(store, organisationId, count, time.now())
      await ingest.takeRecords(from, madeUpAttack(count, time.now()))
      await settled()
      const commandId = ordered.get(from.endpointId)
      if (commandId === undefined) return false
      await ingest.takeRecords(from, isolated(commandId, time.now()))
      await settled()
      return true
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}

async function openOwnStore(dataDir: string, teardowns: AsyncDisposableStack): Promise<Store> {
  const folder = mkdtempSync(join(dataDir, 'drill-'))
  teardowns.defer(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
  const store = await openStore(`sqlite:${join(folder, 'drill.db')}`)
  teardowns.defer(() => store.close())
  return store
}

interface Rooms {
  ingest: ReturnType<typeof createIngest>
  pipeline: Pipeline
  dispatcher: Dispatcher
  /** Which endpoint's isolation was ordered, and by which command. */
  ordered: ReadonlyMap<string, string>
}

async function openRooms(store: Store, { time, log }: { time: Time; log: Logger }, teardowns: AsyncDisposableStack): Promise<Rooms> {
  const loops = createLoops({ time, log })
  const bus = createLiveBus()
  const ordered = new Map<string, string>()
  const dispatcher = createDispatcher({
    ...{ db: store.db, reader: store.deskReader, time, log, bus, loops, sign: await signerOfItsOwn() },
    sayOnTimeline: (tx, ticketId, entry) => keepEntries(tx, store.capabilities.putRows, [{ ticketId, entry }]),
    send(endpointId, { id, verb }) {
      if (verb === 'isolate-host') ordered.set(endpointId, id)
      return 'sent'
    },
    onResult: () => pipeline.nudge(true),
  })
  teardowns.defer(() => dispatcher.stop())
  const nobody = { nudge: () => undefined, replan: () => undefined }
  const afterCommit = (kept: Kept): void => tellOutside(kept, { dispatcher, outbox: nobody, timers: nobody, pipeline, bus }, time.now())
  const { rules } = await openMatrices({ store, time })
  const shared = { store, rules, time, log, turns: createTurns(store.db), loops, afterCommit }
  const pipeline = createPipeline({ ...shared, seal: dispatcher.seal })
  teardowns.defer(() => pipeline.stop())
  const ingest = createIngest({
    ...{ store, time },
    keepers: { keepSamples: async () => undefined, keepInventory: async () => undefined, keepResults },
    onCommitted: ({ hasWork, hasSecurity }) => hasWork && pipeline.nudge(hasSecurity),
  })
  teardowns.defer(() => ingest.idle())
  return { ingest, pipeline, dispatcher, ordered }
}

/** A key that is nowhere kept, and that no agent knows. */
const signerOfItsOwn = async (): Promise<DispatcherOptions['sign']> =>
  (await openCommandAuthority({ read: () => undefined, write: () => undefined }, ['*'])).sign
