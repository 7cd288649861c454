import type { Kysely } from 'kysely'
import type { Logger } from 'pino'
import { sentenceOf } from '#shared/domain/fault.ts'
import type { NeighbourPlace } from '#shared/domain/neighbours.ts'
import { seconds, type Time } from '#shared/domain/time.ts'
import type { LiveBus } from '../live.ts'
import type { Database } from '../store/schema.ts'
import type { Store } from '../store/store.ts'
import type { CommandsTable } from '../store/tables/command.ts'
import { keepNeighbours } from './kept-neighbours.ts'
import { neighboursOf } from './neighbours.ts'

/*
 * The "before" of what neighbours confirm. Enters: an isolation that is about to go out. Leaves: a hint to its neighbours, who ask
 * the machine once while it is open. Promises: nobody waits for it; it is sent as soon as the isolation is decided, while it is kept and
 * signed, so it is there first; and a few keep asking each machine while nothing is the matter. On failure: what they say later confirms nothing, and says so.
 */

export interface WarmParts {
  /** On a connection of its own. */
  db: Kysely<Database>
  time: Time
  log: Logger
  send(endpointId: string, places: NeighbourPlace[]): void
}

/** An isolation is sent twice where its machine comes back meanwhile; their answers are good for longer than this. */
const againAfterMs = seconds(15)

export interface NeighbourParts extends Omit<WarmParts, 'db' | 'send'> {
  store: Store
  bus: Pick<LiveBus, 'subscribe'>
  /** A hint. `isLasting`: from now on, in place of whom it was told before. */
  ask(endpointId: string, places: NeighbourPlace[], isLasting: boolean): void
}

export function openNeighbours({ store, ask, ...parts }: NeighbourParts): AsyncDisposable & { warm: Warm } {
  const warm = createWarm({ ...parts, db: store.deskReader, send: (endpointId, places) => ask(endpointId, places, false) })
  const kept = keepNeighbours({ ...parts, store, name: (endpointId, places) => ask(endpointId, places, true) })
  return { warm, [Symbol.asyncDispose]: kept.stop }
}

export type Warm = (commands: readonly Pick<CommandsTable, 'verb' | 'endpoint_id'>[]) => void

export function createWarm({ db, time, log, send }: WarmParts): Warm {
  const warmed = new Map<string, number>()

  const warm = async (endpointId: string): Promise<void> => {
    const { places, neighbours } = await neighboursOf(db, endpointId)
    for (const neighbour of neighbours) send(neighbour.endpointId, places)
  }
  const isDue = (endpointId: string): boolean => {
    const now = time.monotonic()
    for (const [known, at] of warmed) if (now - at >= againAfterMs) warmed.delete(known)
    if (warmed.has(endpointId)) return false
    warmed.set(endpointId, now)
    return true
  }
  return (commands) => {
    for (const { verb, endpoint_id } of commands)
      if (verb === 'isolate-host' && isDue(endpoint_id))
        warm(endpoint_id).catch((error: unknown) => log.warn({ reason: sentenceOf(error) }, 'no neighbour was asked before an isolation'))
  }
}
