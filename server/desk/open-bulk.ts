import { type Bulks, type BulksOptions, createBulks } from '../command/bulk/loop.ts'
import { releaseGate } from '../pipeline/tasks.ts'
import { type BulkDesk, createBulkDesk } from './bulk.ts'
import type { DeskOptions } from './desk.ts'

/** Orders over many machines: what people ask, and the loop that takes it through its stages. */
export type BulkRoom = BulkDesk & Pick<Bulks, 'nudge' | 'idle'> & { close(): Promise<void> }

export type BulkRoomOptions = DeskOptions & Omit<BulksOptions, 'db' | 'putRows' | 'whyNotReleased'>

export function openBulk(options: BulkRoomOptions): BulkRoom {
  const { db, capabilities } = options.store
  const whyNotReleased: BulksOptions['whyNotReleased'] = async (tx, endpointId, id) => {
    const gate = await releaseGate(tx, endpointId, {}, { person: { id }, rules: options.rules, now: options.time.now() })
    return gate.kind === 'refused' ? gate.reason : null
  }
  const bulks = createBulks({ ...options, db, putRows: capabilities.putRows, whyNotReleased })
  const desk = createBulkDesk({ ...options, register: () => options.register?.(), bulks })
  return { ...desk, nudge: bulks.nudge, idle: bulks.idle, close: bulks.stop }
}
