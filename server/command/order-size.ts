import { type CommandOrder, maxOrderBytes } from '#shared/domain/command.ts'
import { canonicalJson } from '#shared/protocol/canonical.ts'

/** What signing adds at most: a nonce, instants, an id, and the head of the audit. */
const addedBytes = 400

const bytesOf = (value: unknown): number => Buffer.byteLength(canonicalJson(value), 'utf8')

type Draft = Pick<CommandOrder, 'verb' | 'args' | 'endpoints' | 'requestedBy' | 'reason' | 'staged'>

/** Why this can't be signed as one order, and what to do; undefined: it can. */
export function whyTooLong(draft: Draft): string | undefined {
  const room = maxOrderBytes - addedBytes - bytesOf({ ...draft, endpoints: [] })
  const each = Math.max(...draft.endpoints.map((id) => bytesOf(id) + 1))
  const fitting = Math.max(0, Math.floor(room / each))
  if (fitting >= draft.endpoints.length) return undefined
  if (fitting === 0)
    return `The arguments are too long to be signed: with all that belongs to it an order has ${maxOrderBytes} bytes at most; shorten them.`
  return `The list is too long for one order: beside these arguments ${fitting} of these ${draft.endpoints.length} machines fit; ask in ${Math.ceil(draft.endpoints.length / fitting)} orders.`
}
