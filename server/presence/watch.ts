import type { Logger } from 'pino'
import { sentenceOf } from '#shared/domain/fault.ts'
import { seconds, type Time } from '#shared/domain/time.ts'
import type { OwnTrouble } from '../ingest/rows.ts'
import type { Store, Tx } from '../store/store.ts'
import { decide } from './decide.ts'
import { type Judgement, type Sight, together, weightOf } from './judgement.ts'
import { defaultLimits, type SilenceLimits } from './limits.ts'
import { loadPlaces } from './places.ts'
import { keepJudgement, lastSight, loadMachines, type Returned } from './silences.ts'

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
  /** Who connected since this was asked last. */
  takeArrivals(): string[]
  /** In the transaction of what brought it about. */
  raiseAllWithin(tx: Tx, troubles: readonly OwnTrouble[], now: number): Promise<void>
  /** After a commit that raised or cleared something. */
  onRaised(): void
}

/** One look in so many asks of everybody whose silence was said. */
const wholeEvery = 12

/** Looks every few seconds who is silent. @returns its stop, which waits for a look that is under way. */
export async function startWatch(needs: WatchNeeds): Promise<() => Promise<void>> {
  const { store, time, log } = needs
  const { limits = defaultLimits, everyMs = seconds(5), absenceMs = seconds(15) } = needs.options ?? {}
  const sights = watchSight(time, everyMs, absenceMs, (await lastSight(store.db)) ?? time.now())
  let looking: Promise<void> | undefined
  let looks = 0

  const look = () => {
    cancel = time.after(everyMs, look)
    const sight = sights()
    if (looking) return
    // Whoever came is remembered until the next look; those who were removed, and whom a failure forgot, are found by a whole one.
    const returned = looks++ % wholeEvery === 0 ? 'anybody' : needs.takeArrivals()
    looking = judge(needs, returned, sight, limits)
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

async function judge(needs: WatchNeeds, returned: Returned, sight: Sight, limits: SilenceLimits): Promise<void> {
  const { store, time, isConnected } = needs
  const now = time.now()
  const stored = await loadMachines(store.reader, returned, sight, limits, now)
  const found = stored.map((machine) => ({ ...machine, isAway: machine.isAway && !isConnected(machine.endpointId) }))
  for (const judgement of inBites(decide(await loadPlaces(store.reader, found, limits, now), sight, limits, now))) {
    await store.db.transaction().execute(async (tx) => {
      await keepJudgement(tx, store.capabilities, judgement)
      await needs.raiseAllWithin(tx, judgement.signals, now)
    })
    if (judgement.signals.length > 0) needs.onRaised()
  }
}

/** A commit small enough that ingest hardly waits for it; a large site alone may be more. */
const biteRows = 200

/** What is said of one machine or place stays together; the rest, however much was lost at once, goes bite by bite. */
function* inBites(judgements: Iterable<Judgement>): Generator<Judgement> {
  let bite: Judgement[] = []
  let weight = 0
  for (const judgement of judgements) {
    if (weightOf(judgement) > 0) bite.push(judgement)
    weight += weightOf(judgement)
    if (weight < biteRows) continue
    yield together(bite)
    bite = []
    weight = 0
  }
  if (bite.length > 0) yield together(bite)
}
