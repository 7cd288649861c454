import { urgentVerbs } from '#shared/commands/registry.ts'
import { hours, minutes } from '#shared/domain/time.ts'
import type { CommandsTable } from '../store/tables/command.ts'

/** A command that went out and isn't settled, as far as this process knows. */
export interface OnItsWay {
  commandId: string
  organisationId: string
  endpointId: string
  expiresAt: number
  isDelivered: boolean
  isRunning: boolean
  /** Of a bulk order's. */
  bulkKey: string | undefined
}

/**
 * What went out and has no answer yet. Whatever else an agent claims to have received, or to be doing, costs no write.
 * It also says how much an endpoint has at once: a thousand scripts wait here, where people can take them back, and
 * neither in its memory nor before what is urgent, which always has room.
 */
export interface OnTheirWay {
  hasRoom(command: Sendable): boolean
  add(command: Sendable, now: number): void
  /** @param orderId as its agent knows it: the command's own id, or that of the bulk order. */
  of(endpointId: string, orderId: string): OnItsWay | undefined
  /** @returns endpoints that have room again. */
  settled(commandIds: readonly string[]): string[]
}

type Sendable = Pick<CommandsTable, 'id' | 'verb' | 'organisation_id' | 'endpoint_id' | 'expires_at' | 'bulk_id'>

/** Beside what is urgent. Enough that an agent never waits for the next, and little to take back from it. */
export const maxAtOnce = 8
/** It may have begun in time and take its time. */
const keptAfterMs = hours(1)

export function createOnTheirWay(): OnTheirWay {
  const sent = new Map<string, OnItsWay>()
  const patient = new Map<string, Set<string>>()
  /** By endpoint and bulk order: to all its machines it has one id. */
  const ofBulks = new Map<string, string>()
  let lookedAt = 0

  const remove = (id: string): string[] => {
    const gone = sent.get(id)
    sent.delete(id)
    if (gone?.bulkKey !== undefined) ofBulks.delete(gone.bulkKey)
    const beside = gone && patient.get(gone.endpointId)
    if (!gone || !beside?.delete(id)) return []
    if (beside.size === 0) patient.delete(gone.endpointId)
    return [gone.endpointId]
  }
  const forgetOld = (now: number): void => {
    if (now < lookedAt + minutes(1)) return
    lookedAt = now
    for (const [id, { expiresAt }] of sent) if (expiresAt + keptAfterMs <= now) remove(id)
  }
  return {
    hasRoom: ({ id, verb, endpoint_id }) => urgentVerbs.has(verb) || sent.has(id) || (patient.get(endpoint_id)?.size ?? 0) < maxAtOnce,
    add({ id, verb, organisation_id: organisationId, endpoint_id: endpointId, expires_at: expiresAt, bulk_id }, now) {
      forgetOld(now)
      if (sent.has(id)) return
      const bulkKey = bulk_id === null ? undefined : `${endpointId} ${bulk_id}`
      sent.set(id, { commandId: id, organisationId, endpointId, expiresAt, isDelivered: false, isRunning: false, bulkKey })
      if (bulkKey !== undefined) ofBulks.set(bulkKey, id)
      if (!urgentVerbs.has(verb)) patient.set(endpointId, (patient.get(endpointId) ?? new Set()).add(id))
    },
    of(endpointId, orderId) {
      const known = sent.get(ofBulks.get(`${endpointId} ${orderId}`) ?? orderId)
      return known?.endpointId === endpointId ? known : undefined
    },
    settled: (commandIds) => [...new Set(commandIds.flatMap(remove))],
  }
}
