import type { z } from 'zod'
import { BrowserKey, BrowserKeyAsked, KeyChallenge, type NewBrowserKey } from '#shared/api/browser-key.ts'
import { CommandAsked, type NewCommand, SignatureAnswer, UnsignedCommands } from '#shared/api/commands.ts'
import { everyPage } from '#shared/api/page.ts'
import type { Call } from './call.ts'
import { paged } from './paged.ts'

/** The routes for what is asked of a machine, for what of it waits for a signature, and for one's own key. */
export const createSigning = (call: Call) => ({
  browserKey: (stop?: AbortSignal) => call('/browser-key', BrowserKey, stop ? { stop } : {}),
  keyChallenge: () => call('/browser-key/challenge', KeyChallenge, { method: 'POST' }),
  askForKey: (body: z.input<typeof NewBrowserKey>) => call('/browser-key', BrowserKeyAsked, { method: 'POST', body }),
  ask: (endpointId: string, body: z.input<typeof NewCommand>) =>
    call(`/endpoints/${encodeURIComponent(endpointId)}/commands`, CommandAsked, { method: 'POST', body }),
  unsigned: async (stop?: AbortSignal) => {
    const page = (after?: string) => call(paged('/commands/unsigned', { after }), UnsignedCommands, stop ? { stop } : {})
    return (await everyPage(page, ({ commands }) => commands.at(-1)?.id)).flatMap(({ commands }) => commands)
  },
  sign: ({ isBulk }: { isBulk: boolean }, id: string, jws: string) =>
    call(`/${isBulk ? 'bulk' : 'commands'}/${encodeURIComponent(id)}/signatures`, SignatureAnswer, { method: 'POST', body: { jws } }),
})
