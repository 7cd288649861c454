import { BrowserKey, BrowserKeyAsked } from '#shared/api/browser-key.ts'
import { SignatureAnswer, UnsignedCommands } from '#shared/api/commands.ts'
import type { PublicKey } from '#shared/protocol/authority.ts'
import type { Call } from './call.ts'

/** The routes for one's own key, and for what waits for a signature. */
export const createSigning = (call: Call) => ({
  browserKey: (stop?: AbortSignal) => call('/browser-key', BrowserKey, stop ? { stop } : {}),
  askForKey: (key: PublicKey) => call('/browser-key', BrowserKeyAsked, { method: 'POST', body: { key } }),
  unsigned: (stop?: AbortSignal) => call('/commands/unsigned', UnsignedCommands, stop ? { stop } : {}),
  sign: ({ isBulk }: { isBulk: boolean }, id: string, jws: string) =>
    call(`/${isBulk ? 'bulk' : 'commands'}/${encodeURIComponent(id)}/signatures`, SignatureAnswer, { method: 'POST', body: { jws } }),
})
