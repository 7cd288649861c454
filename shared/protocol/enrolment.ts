import { z } from 'zod'
import { Role } from '../domain/endpoint.ts'
import { Authorities, PublicKey } from './authority.ts'

/** SHA-256 in lower-case hex. */
const Sha256Hex = z.string().regex(/^[0-9a-f]{64}$/, 'expected 64 hexadecimal digits')

/** A public key that may sign commands, with the verbs it may sign; `*` means every verb. */
export const CommandAuthority = z.object({
  /** RFC 7638 thumbprint of `key`, base64url. */
  kid: z.string().min(20).max(100),
  key: PublicKey,
  verbs: z.array(z.string().max(100)).min(1).max(100),
})
export type CommandAuthority = z.infer<typeof CommandAuthority>

/** What an enrolment token says, before its single use. */
export const EnrolmentToken = z.object({
  /** Where the agents' port answers, such as https://rmm.example.org:7843. */
  collector: z.url().max(500),
  id: z.string().min(8).max(64),
  secret: z.string().min(32).max(100),
  /** SHA-256 of the collector's CA certificate (DER). */
  ca: Sha256Hex,
  /** RFC 7638 thumbprint of the collector's command authority. */
  authority: z.string().min(20).max(100),
  /** RFC 7638 thumbprints of the two keys that name operators; absent: the collector commands alone. */
  authorities: z.array(z.string().min(20).max(100)).length(2).optional(),
  /** What the machine is for, when the person who made the token said so. */
  role: Role.optional(),
})
export type EnrolmentToken = z.infer<typeof EnrolmentToken>

const prefix = 'tl1.'

/** `tl1.` + base64url of the JSON: one word that survives a shell, a chat and a ticket. */
export function writeToken(token: EnrolmentToken): string {
  return prefix + base64url(JSON.stringify(token))
}

/** The token, or undefined when the text is no token at all. */
export function readToken(text: string): EnrolmentToken | undefined {
  const word = text.trim()
  if (!word.startsWith(prefix)) return undefined
  try {
    const parsed = EnrolmentToken.safeParse(JSON.parse(fromBase64url(word.slice(prefix.length))))
    return parsed.success ? parsed.data : undefined
  } catch {
    return undefined
  }
}

/** POST /enrol, over TLS without a client certificate. `csr` is PKCS#10 in PEM over the agent's own key. */
export const EnrolRequest = z.object({
  tokenId: z.string().min(8).max(64),
  secret: z.string().min(32).max(100),
  csr: z.string().max(10_000),
  hostname: z.string().min(1).max(253),
  platform: z.enum(['linux', 'macos', 'windows']),
})
export type EnrolRequest = z.infer<typeof EnrolRequest>

export const EnrolResponse = z.object({
  endpointId: z.string().min(8).max(64),
  organisationId: z.string().min(8).max(64),
  /** PEM; the client certificate, then nothing. */
  certificate: z.string().max(10_000),
  /** Pinned from now on. */
  authorities: z.array(CommandAuthority).min(1).max(20),
  /** Who names operators, pinned as well; absent: the collector commands alone. */
  operatorsBy: Authorities.optional(),
})
export type EnrolResponse = z.infer<typeof EnrolResponse>

/** POST /renew, over mutual TLS; an expired, unrevoked certificate may open this and nothing else. */
export const RenewRequest = z.object({ csr: z.string().max(10_000) })
export const RenewResponse = z.object({ certificate: z.string().max(10_000) })

/** GET /ca, over TLS nobody has verified yet: the caller checks the fingerprint from its token. */
export const CaResponse = z.object({ certificate: z.string().max(10_000) })

/** The body of every refusal on the agents' port. */
export const Refusal = z.object({ code: z.string().max(100), message: z.string().max(500) })

function base64url(text: string): string {
  const bytes = new TextEncoder().encode(text)
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')
}

function fromBase64url(text: string): string {
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'))
  return new TextDecoder().decode(Uint8Array.from(binary, (character) => character.charCodeAt(0)))
}
