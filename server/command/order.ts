import { v7 as orderedId } from 'uuid'
import type { Entry, Order } from '../pipeline/changes.ts'

/**
 * A decision that a command shall go out, with its line on the timeline.
 * @param args absent: the command's own.
 */
export function ordered(
  verb: string,
  requestedBy: string,
  reason: string,
  args?: Record<string, unknown>,
): { orders: Order[]; entries: Omit<Entry, 'at'>[] } {
  const id = orderedId()
  return {
    orders: [{ id, verb, requestedBy, reason, ...(args && { args }) }],
    entries: [{ kind: 'command-requested', actor: requestedBy, body: { commandId: id, verb, reason } }],
  }
}
