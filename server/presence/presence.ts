/*
 * Enters: what the wire saw of each agent: came, spoke, said goodbye, went. Leaves: presences, signals of who fell silent
 * and who is back, each in one commit with the memory that it was said, and a monthly list of who is missing. Promises:
 * an agent that comes or goes costs no query of its own, and ten thousand at once a few small commits; a silence is said
 * once; nobody is judged for a time in which it was we who were away. On failure: logged and tried again with the next
 * change or look; what a live socket shows is never lost for good.
 */
import type { GoodbyeReason } from '#shared/domain/endpoint.ts'
import { sentenceOf } from '#shared/domain/fault.ts'
import { plainText } from '#shared/domain/plain-text.ts'
import { type Cancel, seconds } from '#shared/domain/time.ts'
import type { Tx } from '../store/store.ts'
import type { PresencesTable } from '../store/tables/presence.ts'
import { startMissingLists } from './missing.ts'
import { startWatch, type WatchNeeds } from './watch.ts'

/** How old `last_heard_at` of a connected agent may get in the table. */
const heardEveryMs = seconds(30)
/** A change waits so long for others: a fleet that comes back within a minute shares ten commits a second. */
const gatherMs = 100
/** Rows of one commit: two or three milliseconds, after which ingest has its turn. */
const biteRows = 250

export interface Presence {
  connected(endpoint: { endpointId: string; organisationId: string }, agentVersion: string): void
  /** Something came from it. Cheap; stored every 30 s. */
  heard(endpointId: string): void
  goodbye(endpointId: string, reason: GoodbyeReason): void
  disconnected(endpointId: string): void
  /** Stores what is not stored yet. */
  stop(): Promise<void>
}

interface Known {
  organisationId: string
  row: PresencesTable
}

export interface PresenceNeeds extends Omit<WatchNeeds, 'isConnected' | 'takeArrivals'> {
  /** What else is remembered of who came, went or said why, in the same transaction. */
  keepGoings?(tx: Tx, rows: readonly PresencesTable[], now: number): Promise<void>
  /** Who came, went or said why, after the commit. */
  onChanged(endpoints: { endpointId: string; organisationId: string }[]): void
}

export async function startPresence(needs: PresenceNeeds): Promise<Presence> {
  const { store, time } = needs
  await store.db.updateTable('presences').set({ is_connected: 0 }).where('is_connected', '=', 1).execute()

  /** Those connected, and those whose going isn't stored yet. */
  const known = new Map<string, Known>()
  const unheard = new Set<string>()
  const arrivals = new Set<string>()
  const book = createBook(needs, known)
  const change = (endpointId: string, changes: Partial<PresencesTable>) => {
    const row = known.get(endpointId)?.row
    if (row) book.write(Object.assign(row, changes).endpoint_id, true)
  }
  const writeHeard = () => {
    for (const id of unheard) book.write(id, false)
    unheard.clear()
    cancel = time.after(heardEveryMs, writeHeard)
  }
  let cancel = time.after(heardEveryMs, writeHeard)
  const isConnected = (endpointId: string): boolean => known.get(endpointId)?.row.is_connected === 1
  const takeArrivals = (): string[] => {
    const taken = [...arrivals]
    arrivals.clear()
    return taken
  }
  const stopWatch = await startWatch({ ...needs, isConnected, takeArrivals })
  const stopLists = startMissingLists(needs)

  return {
    connected: ({ endpointId, organisationId }, agentVersion) => {
      const now = time.now()
      const agent_version = plainText(agentVersion)
      const row = { endpoint_id: endpointId, is_connected: 1, changed_at: now, last_heard_at: now, goodbye: null, agent_version } as const
      known.set(endpointId, { organisationId, row: { ...row } })
      arrivals.add(endpointId)
      book.write(endpointId, true)
    },
    heard: (endpointId) => {
      const each = known.get(endpointId)
      if (!each) return
      each.row.last_heard_at = time.now()
      unheard.add(endpointId)
    },
    goodbye: (endpointId, goodbye) => change(endpointId, { goodbye }),
    disconnected: (endpointId) => change(endpointId, { is_connected: 0, changed_at: time.now() }),
    stop: async () => {
      await Promise.all([stopWatch(), stopLists()])
      writeHeard()
      cancel()
      await book.close()
    },
  }
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

interface Book {
  /** Soon, with what else there is. `isNews`: others want to hear of it. */
  write(endpointId: string, isNews: boolean): void
  close(): Promise<void>
}

/** Writes what is known into the table, gathered and in bites. What can't be written is kept for the next time. */
function createBook({ store, time, log, onChanged, keepGoings }: PresenceNeeds, known: Map<string, Known>): Book {
  /** Whose row isn't written yet, and whether that is news. */
  const unwritten = new Map<string, boolean>()
  let writing: Promise<void> | undefined
  let cancelGathering: Cancel | undefined

  const writeBite = async (bite: readonly [string, boolean][]): Promise<void> => {
    const kept = bite.flatMap(([id, isNews]) => {
      const each = known.get(id)
      return each ? { each, isNews, row: { ...each.row } } : []
    })
    const rows = kept.map(({ row }) => row)
    const went = kept.flatMap(({ isNews, row }) => (isNews ? row : []))
    await store.db.transaction().execute(async (tx) => {
      await store.capabilities.putRows(tx, 'presences', rows, { replaceWhere: ['endpoint_id'] })
      if (went.length > 0) await keepGoings?.(tx, went, time.now())
    })
    for (const { each, row } of kept)
      if (row.is_connected === 0 && known.get(row.endpoint_id) === each && !unwritten.has(row.endpoint_id)) known.delete(row.endpoint_id)
    const news = kept.filter(({ isNews }) => isNews)
    if (news.length > 0) onChanged(news.map(({ each, row }) => ({ endpointId: row.endpoint_id, organisationId: each.organisationId })))
  }
  const writeAll = async (): Promise<boolean> => {
    const waiting = [...unwritten]
    unwritten.clear()
    for (let start = 0; start < waiting.length; start += biteRows) {
      try {
        await writeBite(waiting.slice(start, start + biteRows))
      } catch (error) {
        for (const [id, isNews] of waiting.slice(start)) unwritten.set(id, isNews || unwritten.get(id) === true)
        log.error({ reason: sentenceOf(error), endpoints: waiting.length - start }, 'presence could not be stored')
        return false
      }
      await nextTurn()
    }
    return true
  }
  const begin = () => {
    cancelGathering = undefined
    writing = writeAll().then((isWritten) => {
      writing = undefined
      if (isWritten && unwritten.size > 0) gather()
    })
  }
  const gather = () => {
    if (!writing) cancelGathering ??= time.after(gatherMs, begin)
  }
  return {
    write: (endpointId, isNews) => {
      unwritten.set(endpointId, isNews || unwritten.get(endpointId) === true)
      gather()
    },
    close: async () => {
      await writing
      cancelGathering?.()
      if (unwritten.size > 0) await writeAll()
    },
  }
}
