/*
 * Enters: what the wire saw of each agent: came, spoke, said goodbye, went. Leaves: presences, the only table it
 * writes. Promises: many agents coming back at once cost a few commits, not thousands; at start everybody is marked
 * disconnected and nobody is judged for it, because it was we who were away. On failure: logged and tried again with
 * the next change; what a live socket shows is never lost for good.
 */
import type { Logger } from 'pino'
import type { GoodbyeReason } from '#shared/domain/endpoint.ts'
import { sentenceOf } from '#shared/domain/fault.ts'
import { plainText } from '#shared/domain/plain-text.ts'
import { seconds, type Time } from '#shared/domain/time.ts'
import type { Store } from '../store/store.ts'
import type { PresencesTable } from '../store/tables/presence.ts'

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

export async function startPresence(needs: {
  store: Store
  time: Time
  log: Logger
  /** After the commit. */
  onChanged(endpoints: { endpointId: string; organisationId: string }[]): void
}): Promise<Presence> {
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
      cancel()
      saveHeard()
      cancel()
      await saving
    },
  }
}
