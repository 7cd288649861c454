import type { z } from 'zod'
import { BrowserKey, BrowserKeyAsked } from '#shared/api/browser-key.ts'
import { CommandAsked, type NewCommand, SignatureAnswer, UnsignedCommands } from '#shared/api/commands.ts'
import type { PublicKey } from '#shared/protocol/authority.ts'
import type { Call } from './call.ts'

/** The routes for what is asked of a machine, for what of it waits for a signature, and for one's own key. */
export const createSigning = (call: Call) => ({
  browserKey: (stop?: AbortSignal) => call('/browser-key', BrowserKey, stop ? { stop } : {}),
  askForKey: (key: PublicKey) => call('/browser-key', BrowserKeyAsked, { method: 'POST', body: { key } }),
  ask: (endpointId: string, body: z.input<typeof NewCommand>) =>
    call(`/endpoints/${encodeURIComponent(endpointId)}/commands`, CommandAsked, { method: 'POST', body }),
  unsigned: (stop?: AbortSignal) => call('/commands/unsigned', UnsignedCommands, stop ? { stop } : {}),
  sign: ({ isBulk }: { isBulk: boolean }, id: string, jws: string) =>
    call(`/${isBulk ? 'bulk' : 'commands'}/${encodeURIComponent(id)}/signatures`, SignatureAnswer, { method: 'POST', body: { jws } }),
})
