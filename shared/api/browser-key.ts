import { z } from 'zod'
import { Operator, PublicKey } from '../protocol/authority.ts'

/** POST /api/browser-key/challenge: what the key that is handed in next has to sign. */
export const KeyChallenge = z.object({ challenge: z.string() })

/** Of that signature, so that it is one on nothing else. */
export const browserKeyType = 'tierline-browser-key+jws'

/**
 * POST /api/browser-key: the public half of the key in this browser, for an authority to certify; the newest counts.
 * `proof`: a compact JWS over the challenge, which shows that the other half is here.
 */
export const NewBrowserKey = z.object({ key: PublicKey, proof: z.string().max(2_000) })

/** Its fingerprint, as whoever certifies it has to hear it from its owner. */
export const BrowserKeyAsked = z.object({ id: z.string() })

const { verbs, organisations, certifiedAt, expiresAt } = Operator.shape

/** GET /api/browser-key: the one that was handed in last, and what it may sign. */
export const BrowserKey = z.object({
  requested: z.object({ kid: z.string(), askedAt: z.number().int() }).nullable(),
  certified: z.object({ verbs, organisations, certifiedAt, expiresAt }).nullable(),
})
export type BrowserKey = z.infer<typeof BrowserKey>
