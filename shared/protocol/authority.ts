import { z } from 'zod'
import type { Risk } from '../domain/command.ts'
import { days } from '../domain/time.ts'

/*
 * Who may say who may command. Two authority keys are made at `tierline init` and pinned by every agent; their word is
 * the register of operators, and either of them may name the other's successor. Neither lies on the collector's disk in
 * the clear, so whoever runs the collector can't make operators.
 */

export const PublicKey = z.object({ kty: z.literal('OKP'), crv: z.literal('Ed25519'), x: z.string().max(100) })
export type PublicKey = z.infer<typeof PublicKey>

/** `kid`: RFC 7638 thumbprint of `key`, base64url. */
export const AuthorityKey = z.object({ kid: z.string().min(20).max(100), key: PublicKey })
export type AuthorityKey = z.infer<typeof AuthorityKey>

/** What an agent pins: the two keys, and how many successions led to them. */
export const Authorities = z.object({ keys: z.array(AuthorityKey).length(2), succession: z.number().int().nonnegative() })
export type Authorities = z.infer<typeof Authorities>

export const successionType = 'tierline-succession+jws'

/** Signed by the authority that stays. `number` is one more than that of the pair it is said to. */
export const Succession = z.object({
  v: z.literal(1),
  number: z.number().int().positive(),
  replaces: z.string().max(100),
  by: AuthorityKey,
})
export type Succession = z.infer<typeof Succession>

/** The pair after it; undefined: it is not about this pair, or its signer is the one it replaces. */
export function succeed({ keys, succession }: Authorities, said: Succession, signer: string): Authorities | undefined {
  const isFitting =
    said.number === succession + 1 && keys.some(({ kid }) => kid === said.replaces) && !keys.some(({ kid }) => kid === said.by.kid)
  const staying = keys.find(({ kid }) => kid !== said.replaces)
  return isFitting && staying?.kid === signer ? { keys: [staying, said.by], succession: said.number } : undefined
}

/** An operator's certificate lives no longer. */
export const longestOperatorMs = days(30)
/** An older register is not believed: whoever was revoked since may not be known here. */
export const oldestRegisterMs = days(7)

/** A person whose key may sign commands. `*` in a list means all. */
export const Operator = z
  .object({
    name: z.string().regex(/^[\p{L}\p{N}][\p{L}\p{N} .@_-]{0,79}$/u, 'a name has letters, digits, spaces and . @ _ - only'),
    ...AuthorityKey.shape,
    verbs: z.array(z.string().min(1).max(100)).min(1).max(50),
    organisations: z.array(z.string().min(1).max(64)).min(1).max(50),
    certifiedAt: z.number().int(),
    expiresAt: z.number().int(),
    /** The key lies in a browser, out of reach, and signs whatever a page of the collector gives it. */
    isBrowser: z.boolean().optional(),
  })
  .refine(({ certifiedAt, expiresAt }) => expiresAt - certifiedAt <= longestOperatorMs, 'an operator is certified for 30 days at most')
export type Operator = z.infer<typeof Operator>

export const mayCommand = ({ verbs, organisations }: Operator, verb: string, organisationId: string): boolean =>
  (verbs.includes('*') || verbs.includes(verb)) && (organisations.includes('*') || organisations.includes(organisationId))

/** Whoever runs the collector also serves the page, and could have it sign what its owner never saw. */
export const mayBear = ({ isBrowser }: Pick<Operator, 'isBrowser'>, risk: Risk): boolean => isBrowser !== true || risk !== 'high'

/** What holds long after the page was closed (policies, standing orders) is no browser's to sign. */
export const maySignLasting = (operator: Operator, verb: string, organisationId: string): boolean =>
  operator.isBrowser !== true && mayCommand(operator, verb, organisationId)
