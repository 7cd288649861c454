import { z } from 'zod'

/*
 * The code that opens an isolated machine without its collector: the same on the machine and for whoever can open one of its
 * sealed copies. It is made of the machine's release secret, the machine, and the number of this isolation, so it opens no
 * other machine, and this one not again.
 */

/** Crockford's base32: none of its letters is taken for another when read out on the telephone. */
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const chars = 10
const bitsOfChar = 5n

/** HMAC-SHA256 (RFC 2104), its first 50 bits. */
export async function releaseCodeOf(secret: Uint8Array<ArrayBuffer>, endpointId: string, isolation: number): Promise<string> {
  const key = await crypto.subtle.importKey('raw', secret, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
  const about = new TextEncoder().encode(`tierline release\n${endpointId}\n${isolation}`)
  const start = new Uint8Array(await crypto.subtle.sign('HMAC', key, about)).subarray(0, 7)
  const bits = start.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n) >> 6n
  const places = Array.from({ length: chars }, (_, index) => bitsOfChar * BigInt(chars - 1 - index))
  return places.map((shift) => alphabet[Number((bits >> shift) & 31n)]).join('')
}

/** As it is read out: two groups. */
export const shownCode = (code: string): string => `${code.slice(0, chars / 2)}-${code.slice(chars / 2)}`

/** As somebody typed it: in any case, with spaces and dashes, O for 0, I and L for 1. Undefined: it can't be a code. */
export function readCode(typed: string): string | undefined {
  const code = typed.toUpperCase().replace(/[\s-]/g, '').replaceAll('O', '0').replace(/[IL]/g, '1')
  return code.length === chars && [...code].every((char) => alphabet.includes(char)) ? code : undefined
}

/** The secret, sealed to one person's key. `box`: ephemeral key (32 bytes), nonce (12), sealed secret (32), tag (16); base64url. */
export const SealedCopy = z.object({ kid: z.string().max(100), name: z.string().max(80), box: z.string().max(200) })
export type SealedCopy = z.infer<typeof SealedCopy>

export const SealedRelease = z.object({ secretId: z.string().max(64), copies: z.array(SealedCopy).max(100) })
export type SealedRelease = z.infer<typeof SealedRelease>

export const boxParts = { ephemeral: [0, 32], nonce: [32, 44], sealed: [44, 76], tag: [76, 92] } as const

/** What HKDF's info says, so that no key of ours means two things. */
export const sealingLabel = 'tierline sealed release secret 1'
/** Authenticated with each copy: whose it is, and for whom. */
export const aboutCopy = (endpointId: string, secretId: string, kid: string): string => `${endpointId}\n${secretId}\n${kid}`

/** What became of a try, or of telling the person at the machine; on the ticket's timeline. */
export const AtMachine = z.object({
  event: z.enum(['told', 'code-wrong', 'code-locked', 'code-right']),
  /** Of the isolation, as the screen shows it. */
  number: z.number().int().nonnegative(),
  /** Of `told`: by which ways, and by which not. */
  reached: z.array(z.string().max(100)).max(10).optional(),
  missed: z.array(z.string().max(200)).max(10).optional(),
  /** Wrong tries within the hour, this one included. */
  wrong: z.number().int().optional(),
})
export type AtMachine = z.infer<typeof AtMachine>
