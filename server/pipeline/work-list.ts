import { type SqlBool, sql } from 'kysely'
import { correlationKey } from '../correlate/correlate.ts'
import type { Store } from '../store/store.ts'
import { columnsOfSignal, type SignalRow } from './world.ts'

/*
 * What the pipeline handles next, in the order in which it was committed. While a group is written the next one is read
 * already: who is behind waits for no query that could have been asked before.
 */
export interface WorkList {
  /** `isLast`: nothing was left behind this group. */
  next(isUrgent: boolean): Promise<{ group: readonly SignalRow[]; isLast: boolean }>
  /** The last group is decided and about to be kept: reads what follows it meanwhile, if anything was left behind it. */
  readAhead(): void
  /** Something else than the whole last group was handled; what was read ahead may be wrong. */
  forget(): void
}

/** What a commit costs is shared by so many; deciding them stops for a security signal that comes meanwhile. */
const maxSignals = 3_000
/** So many tickets are read, written and told of in steps that each take less than 10 ms of the event loop. */
const maxTroubles = 400
/** Then it is read from the beginning again: on a database whose commits overtake each other something may lie there. */
const maxReadAhead = 8

type Arrived = SignalRow & { arrival: number }

export function createWorkList({ deskReader }: Store): WorkList {
  let limit = maxTroubles
  let ahead: Promise<Arrived[]> | undefined
  let countAhead = 0
  /** Where to read on; undefined: nothing was left. */
  let end: Arrived | undefined

  const fromTheBeginning = (isUrgent: boolean): Promise<Arrived[]> => {
    countAhead = 0
    return unhandled(deskReader, isUrgent, 0, limit)
  }
  const read = async (): Promise<Arrived[]> => {
    const before = (await ahead) ?? []
    ahead = undefined
    return before.length > 0 ? before : fromTheBeginning(false)
  }
  return {
    async next(isUrgent) {
      const signals = isUrgent ? await fromTheBeginning(true) : await read()
      const { group, isWhole } = fewTroubles(signals)
      const isLast = isWhole && signals.length < limit
      limit = group.length === 0 ? maxTroubles : sizeAfter(group.length, new Set(group.map(correlationKey)).size)
      end = isUrgent || isLast ? undefined : group.at(-1)
      return { group, isLast }
    },
    readAhead() {
      if (!end || countAhead >= maxReadAhead) return
      countAhead += 1
      ahead = unhandled(deskReader, false, end.arrival, limit)
      // Whoever takes it hears of the error.
      ahead.catch(() => undefined)
      end = undefined
    },
    forget() {
      ahead = undefined
      end = undefined
    },
  }
}

/** Where every signal is about something else, fewer of them. */
function fewTroubles(signals: readonly Arrived[]): { group: readonly Arrived[]; isWhole: boolean } {
  const troubles = new Set<string>()
  const end = signals.findIndex((signal) => troubles.add(correlationKey(signal)).size > maxTroubles)
  return end === -1 ? { group: signals, isWhole: true } : { group: signals.slice(0, end), isWhole: false }
}

/** As many as have `maxTroubles` troubles, if the next are like the last. */
const sizeAfter = (signals: number, troubles: number): number =>
  Math.min(maxSignals, Math.max(maxTroubles, Math.ceil((signals * maxTroubles) / troubles)))

/** In the order in which they were committed; security before all else (invariant 9). */
function unhandled(db: Store['deskReader'], isUrgent: boolean, after: number, limit: number): Promise<Arrived[]> {
  const all = db
    .selectFrom('signals')
    .select([...columnsOfSignal, 'arrival'])
    .where('handled_at', 'is', null)
    .where('arrival', '>', after)
  // Word for word as in the index signals_urgent, so that a long queue of health is not searched for security.
  const some = isUrgent ? all.where(sql<SqlBool>`substr(kind, 1, 9) = 'security.'`) : all
  return some.orderBy('arrival').limit(limit).$narrowType<{ arrival: number }>().execute()
}
