import { type Bulks, type BulksOptions, createBulks } from '../command/bulk/loop.ts'
import { notRestoredOf } from '../pipeline/tasks.ts'
import { type BulkDesk, createBulkDesk } from './bulk.ts'
import type { DeskOptions } from './desk.ts'
import { endOldOrders } from './old-orders.ts'

/** Orders over many machines: what people ask, and the loop that takes it through its stages. */
export type BulkRoom = BulkDesk & Pick<Bulks, 'nudge' | 'idle'> & { close(): Promise<void> }

export type BulkRoomOptions = DeskOptions & Omit<BulksOptions, 'db' | 'putRows' | 'whyNotReleased'>

export function openBulk(options: BulkRoomOptions): BulkRoom {
  const { db, capabilities } = options.store
  const bulks = createBulks({ ...options, db, putRows: capabilities.putRows, whyNotReleased: notRestoredOf })
  const desk = createBulkDesk({ ...options, register: () => options.register?.(), bulks })
  const stopEnding = endOldOrders(options)
  const close = async (): Promise<void> => {
    await stopEnding()
    await bulks.stop()
  }
  return { ...desk, nudge: bulks.nudge, idle: bulks.idle, close }
}
