import type { Logger } from 'pino'
import { sentenceOf } from '#shared/domain/fault.ts'
import type { NeighbourPlace } from '#shared/domain/neighbours.ts'
import { type Cancel, seconds, type Time } from '#shared/domain/time.ts'
import type { LiveBus } from '../live.ts'
import type { Store } from '../store/store.ts'
import { askersIn, ordered, type Rings, ringsOf, type Standing } from './rings.ts'

/*
 * Names to each agent the few machines beside it that it is to ask now and then, so that their silence has its "before" whenever one
 * of them is isolated. Enters: hints that something about an endpoint changed. Leaves: lists to agents, and with each machine who asks
 * it. Promises: only machines of one site name each other; whoever changed is told within seconds, on a large site within minutes, and
 * nobody waits for it. On failure: logged; who is told nothing has the hint that goes out with an isolation.
 */

export interface KeptParts {
  store: Store
  time: Time
  log: Logger
  bus: Pick<LiveBus, 'subscribe'>
  /** From now on, in place of whom it was told before. */
  name(endpointId: string, places: NeighbourPlace[]): void
}

/** Those that come together share one look; the larger their site, the longer until the next. */
const gatherMs = seconds(1)
const perMachineMs = 10
/** Of whom the sites are looked up at once, and of whom it is written down. */
const biteRows = 250

interface Place {
  organisation_id: string
  site_id: string | null
}
type Machine = Standing & { keptBy: string | null }

export function keepNeighbours({ store, time, log, bus, name }: KeptParts): { stop(): Promise<void> } {
  const changed = new Set<string>()
  const told = new Map<string, string>()
  let next: Cancel | undefined
  let running: Promise<void> | undefined
  let isStopped = false

  const tell = (rings: Rings, machines: readonly Machine[], fresh: ReadonlySet<string>): void => {
    for (const { endpointId } of machines) {
      const places = (rings.get(endpointId) ?? []).map(({ address, mac }) => ({ address, mac }))
      const text = JSON.stringify(places)
      if (text === (told.get(endpointId) ?? '[]') && !fresh.has(endpointId)) continue
      told.set(endpointId, text)
      name(endpointId, places)
    }
  }
  const look = async (): Promise<number> => {
    const fresh = new Set([...changed].slice(0, biteRows))
    for (const id of fresh) changed.delete(id)
    for (const id of fresh) told.delete(id)
    let count = 0
    for (const place of await placesOfThese(store, fresh)) {
      const machines = await standingAt(store, place)
      const rings = await ringsOf(machines)
      tell(rings, machines, fresh)
      await writeDown(store, machines, askersIn(rings))
      count = Math.max(count, machines.length)
    }
    return count
  }
  const plan = (afterMs: number): void => {
    if (isStopped || next || running) return
    next = time.after(afterMs, () => {
      next = undefined
      running = look()
        .catch((error: unknown) => {
          log.warn({ reason: sentenceOf(error) }, 'machines that stand beside each other could not be named')
          return 0
        })
        .then((count) => {
          running = undefined
          if (changed.size > 0) plan(gatherMs + count * perMachineMs)
        })
    })
  }
  const endSubscription = bus.subscribe(({ topic, endpointId }) => {
    if (topic !== 'endpoint' || endpointId === null) return
    changed.add(endpointId)
    plan(gatherMs)
  })
  return {
    stop: async () => {
      isStopped = true
      endSubscription()
      next?.()
      await running
    },
  }
}

const placesOfThese = ({ deskReader }: Store, ids: ReadonlySet<string>): Promise<Place[]> =>
  deskReader
    .selectFrom('endpoints')
    .select(['organisation_id', 'site_id'])
    .distinct()
    .where('id', 'in', [...ids])
    .execute()

/** Those that are there and open: one that is cut off can't ask, and answers nobody. */
async function standingAt({ deskReader }: Store, { organisation_id, site_id }: Place): Promise<Machine[]> {
  const rows = await deskReader
    .selectFrom('endpoints')
    .innerJoin('inventories', 'inventories.endpoint_id', 'endpoints.id')
    .innerJoin('presences', 'presences.endpoint_id', 'endpoints.id')
    .innerJoin('isolations', 'isolations.endpoint_id', 'endpoints.id')
    .select(['endpoints.id', 'inventories.places', 'isolations.kept_by'])
    .where('endpoints.organisation_id', '=', organisation_id)
    .where('endpoints.site_id', site_id === null ? 'is' : '=', site_id)
    .where('endpoints.removed_at', 'is', null)
    .where('presences.is_connected', '=', 1)
    .where('isolations.actual', '=', 'open')
    .execute()
  const machines: Machine[] = []
  for (const { id, places, kept_by } of rows) {
    machines.push({ endpointId: id, places: (JSON.parse(places ?? '[]') as NeighbourPlace[]).map(ordered), keptBy: kept_by ?? null })
    if (machines.length % biteRows === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  return machines
}

async function writeDown({ db, capabilities }: Store, machines: readonly Machine[], askers: Map<string, string[]>): Promise<void> {
  const rows = machines.flatMap(({ endpointId, keptBy }) => {
    const kept_by = JSON.stringify((askers.get(endpointId) ?? []).toSorted())
    return kept_by === (keptBy ?? '[]') ? [] : [{ endpoint_id: endpointId, kept_by }]
  })
  for (let at = 0; at < rows.length; at += biteRows)
    await db
      .transaction()
      .execute((tx) => capabilities.updateRows(tx, 'isolations', rows.slice(at, at + biteRows), { set: ['kept_by'], by: 'endpoint_id' }))
}
