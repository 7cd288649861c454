import { randomUUIDv7 } from 'node:crypto'
import type { Entry, Order } from '../pipeline/changes.ts'

/** A decision that a command shall go out, with its line on the timeline. */
export function ordered(verb: string, requestedBy: string, reason: string): { orders: Order[]; entries: Omit<Entry, 'at'>[] } {
  const id = randomUUIDv7()
  return {
    orders: [{ id, verb, requestedBy, reason }],
    entries: [{ kind: 'command-requested', actor: requestedBy, body: { commandId: id, verb, reason } }],
  }
}
