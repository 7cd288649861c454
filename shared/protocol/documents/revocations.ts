import { z } from 'zod'
import { defineDocument } from '../document.ts'

/**
 * The newest revoked endpoints, oldest first. Each is the first 9 bytes of SHA-256 over the endpoint's id, as base64url: 72
 * bits are enough to be nobody else's by accident. The list goes to the agents of every organisation, and an id (UUIDv7)
 * would tell all of them when a machine of somebody else was enrolled; its hash tells nobody anything, and how many there
 * are is all that can be read from it. Nobody can guess a hash's id: 74 bits of it are random.
 */
const Revoked = z.string().regex(/^[A-Za-z0-9_-]{12}$/, 'expected 12 characters of base64url')

/**
 * Some 20 KiB when signed, sent to each agent once a revocation. Beyond it the oldest leave: the collector's database still
 * knows them, but one restored from a backup of before the last thousand revocations would not hear of those again.
 */
export const maxRevocations = 1_000

export default defineDocument({
  name: 'revocations',
  content: z.object({ endpoints: z.array(Revoked).max(maxRevocations) }),
  joined: (ours, theirs) => {
    const forgotten = theirs.endpoints.filter((each) => !ours.endpoints.includes(each))
    return forgotten.length === 0 ? undefined : { endpoints: [...forgotten, ...ours.endpoints].slice(-maxRevocations) }
  },
})
