import type { Logger } from 'pino'
import { sentenceOf } from '#shared/domain/fault.ts'
import { seconds, type Time } from '#shared/domain/time.ts'
import type { OwnTrouble } from '../ingest/rows.ts'
import type { Store, Tx } from '../store/store.ts'
import { decide, defaultLimits, type Sight, type SilenceLimits } from './decide.ts'
import { hasNews, keepJudgement, lastSight, loadMachines, loadSites } from './silences.ts'

export interface WatchOptions {
  /** When a machine is silent; the defaults of the product when absent. */
  limits?: SilenceLimits
  /** How often to look. */
  everyMs?: number
  /** A look that comes so much too late, or clocks that differ by so much, mean that we were not there. */
  absenceMs?: number
}

export interface WatchNeeds {
  store: Store
  time: Time
  log: Logger
  options?: WatchOptions
  /** Connected by what the live sockets say, which the table may not know yet. */
  isConnected(endpointId: string): boolean
  /** In the transaction of what brought it about. */
  raiseWithin(tx: Tx, trouble: OwnTrouble, now: number): Promise<void>
  /** After a commit that raised or cleared something. */
  onRaised(): void
}

/** Looks every few seconds who is silent. @returns its stop, which waits for a look that is under way. */
export async function startWatch(needs: WatchNeeds): Promise<() => Promise<void>> {
  const { store, time, log } = needs
  const { limits = defaultLimits, everyMs = seconds(5), absenceMs = seconds(15) } = needs.options ?? {}
  const sights = watchSight(time, everyMs, absenceMs, (await lastSight(store.db)) ?? time.now())
  let looking: Promise<void> | undefined

  const look = () => {
    cancel = time.after(everyMs, look)
    const sight = sights()
    looking ??= judge(needs, sight, limits)
      .catch((error: unknown) => log.error({ reason: sentenceOf(error) }, 'who is silent could not be judged; it is tried again'))
      .finally(() => {
        looking = undefined
      })
  }
  let cancel = time.after(everyMs, look)
  return async () => {
    cancel()
    await looking
  }
}

/** What we can see at each look: a process that was stopped, a machine that slept and a clock that was set all begin anew. */
function watchSight(time: Time, everyMs: number, absenceMs: number, lostAt: number): () => Sight {
  const read = () => ({ now: time.now(), monotonic: time.monotonic() })
  let last = read()
  let sight: Sight = { lostAt, since: last.now }
  return () => {
    const next = read()
    const passedMs = next.monotonic - last.monotonic
    // A sleeping Linux stops the monotonic clock, so only the two clocks together tell.
    const isSetMs = Math.abs(next.now - last.now - passedMs)
    if (passedMs - everyMs > absenceMs || isSetMs > absenceMs) sight = { lostAt: last.now, since: next.now }
    last = next
    return sight
  }
}

async function judge(needs: WatchNeeds, sight: Sight, limits: SilenceLimits): Promise<void> {
  const { store, time, isConnected } = needs
  const now = time.now()
  const stored = await loadMachines(store.reader, limits, now)
  const machines = stored.map((machine) => ({ ...machine, isAway: machine.isAway && !isConnected(machine.endpointId) }))
  const sites = await loadSites(store.reader, machines, limits)
  const judgement = decide({ machines, sites }, sight, limits, now)
  if (!hasNews(judgement)) return
  await store.db.transaction().execute(async (tx) => {
    await keepJudgement(tx, store.capabilities, judgement)
    for (const signal of judgement.signals) await needs.raiseWithin(tx, signal, now)
  })
  if (judgement.signals.length > 0) needs.onRaised()
}
