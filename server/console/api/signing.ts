import type { z } from 'zod'
import { BrowserKey, BrowserKeyAsked, KeyChallenge, type NewBrowserKey } from '#shared/api/browser-key.ts'
import { CommandAsked, type NewCommand, SignatureAnswer, UnsignedCommands } from '#shared/api/commands.ts'
import type { Call } from './call.ts'

/** The routes for what is asked of a machine, for what of it waits for a signature, and for one's own key. */
export const createSigning = (call: Call) => ({
  browserKey: (stop?: AbortSignal) => call('/browser-key', BrowserKey, stop ? { stop } : {}),
  keyChallenge: () => call('/browser-key/challenge', KeyChallenge, { method: 'POST' }),
  askForKey: (body: z.input<typeof NewBrowserKey>) => call('/browser-key', BrowserKeyAsked, { method: 'POST', body }),
  ask: (endpointId: string, body: z.input<typeof NewCommand>) =>
    call(`/endpoints/${encodeURIComponent(endpointId)}/commands`, CommandAsked, { method: 'POST', body }),
  unsigned: (stop?: AbortSignal) => call('/commands/unsigned', UnsignedCommands, stop ? { stop } : {}),
  sign: ({ isBulk }: { isBulk: boolean }, id: string, jws: string) =>
    call(`/${isBulk ? 'bulk' : 'commands'}/${encodeURIComponent(id)}/signatures`, SignatureAnswer, { method: 'POST', body: { jws } }),
})
