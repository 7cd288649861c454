/*
 * Enters: what the wire saw of each agent: came, spoke, said goodbye, went. Leaves: presences, and signals of who fell
 * silent and who is back, each in one commit with the memory that it was said. Promises: many agents coming back at once
 * cost a few commits, not thousands; a silence is said once; nobody is judged for a time in which it was we who were
 * away. On failure: logged and tried again with the next change or look; what a live socket shows is never lost for good.
 */
import type { GoodbyeReason } from '#shared/domain/endpoint.ts'
import { sentenceOf } from '#shared/domain/fault.ts'
import { plainText } from '#shared/domain/plain-text.ts'
import { seconds } from '#shared/domain/time.ts'
import type { PresencesTable } from '../store/tables/presence.ts'
import { startWatch, type WatchNeeds } from './watch.ts'

/** How old `last_heard_at` of a connected agent may get in the table. */
const heardEveryMs = seconds(30)

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

export interface PresenceNeeds extends Omit<WatchNeeds, 'isConnected'> {
  /** After the commit. */
  onChanged(endpoints: { endpointId: string; organisationId: string }[]): void
}

export async function startPresence(needs: PresenceNeeds): Promise<Presence> {
  const { store, time, log } = needs
  await store.db.updateTable('presences').set({ is_connected: 0 }).where('is_connected', '=', 1).execute()

  /** Those connected, and those whose going isn't stored yet. */
  const known = new Map<string, Known>()
  const unsaved = new Set<string>()
  const unheard = new Set<string>()
  let saving: Promise<void> | undefined

  const save = async () => {
    let isStored = true
    while (isStored && unsaved.size > 0) {
      // Whoever changes in the same turn of the loop shares the commit.
      await new Promise((resolve) => setImmediate(resolve))
      isStored = await keep([...unsaved])
    }
    saving = undefined
  }
  const keep = async (changed: string[]): Promise<boolean> => {
    const kept = changed.flatMap((id) => known.get(id) ?? [])
    const rows = kept.map(({ row }) => ({ ...row }))
    unsaved.clear()
    try {
      await store.db.transaction().execute((tx) => store.capabilities.putRows(tx, 'presences', rows, { replaceWhere: ['endpoint_id'] }))
    } catch (error) {
      for (const id of changed) unsaved.add(id)
      log.error({ reason: sentenceOf(error), endpoints: changed.length }, 'presence could not be stored')
      return false
    }
    for (const each of kept) if (isGone(each)) known.delete(each.row.endpoint_id)
    needs.onChanged(kept.map(({ row, organisationId }) => ({ endpointId: row.endpoint_id, organisationId })))
    return true
  }
  /** Connected again meanwhile: then it stays. */
  const isGone = (each: Known) => each.row.is_connected === 0 && known.get(each.row.endpoint_id) === each
  const change = (endpointId: string, changes: Partial<PresencesTable>) => {
    const row = known.get(endpointId)?.row
    if (!row) return
    Object.assign(row, changes)
    unsaved.add(endpointId)
    saving ??= save()
  }

  const saveHeard = () => {
    for (const id of unheard) change(id, {})
    unheard.clear()
    cancel = time.after(heardEveryMs, saveHeard)
  }
  let cancel = time.after(heardEveryMs, saveHeard)
  const stopWatch = await startWatch({ ...needs, isConnected: (endpointId) => known.get(endpointId)?.row.is_connected === 1 })

  return {
    connected: ({ endpointId, organisationId }, agentVersion) => {
      const now = time.now()
      const agent_version = plainText(agentVersion)
      const row = { endpoint_id: endpointId, is_connected: 1, changed_at: now, last_heard_at: now, goodbye: null, agent_version } as const
      known.set(endpointId, { organisationId, row: { ...row } })
      change(endpointId, {})
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
      await stopWatch()
      cancel()
      saveHeard()
      cancel()
      await saving
    },
  }
}
