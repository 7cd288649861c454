import { createCipheriv, createDecipheriv, randomBytes, scrypt } from 'node:crypto'
import { CompactSign, calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK } from 'jose'
import { z } from 'zod'
import { Fault } from '#shared/domain/fault.ts'
import { type AuthorityKey, PublicKey } from '#shared/protocol/authority.ts'
import { canonicalJson } from '#shared/protocol/canonical.ts'
import { unseal } from './unseal.ts'

/*
 * The key file of an authority or an operator: Ed25519, its private half sealed by a passphrase (scrypt, AES-256-GCM, the
 * public half authenticated with it). Promises: without the passphrase it signs nothing, and a file that was altered
 * doesn't open; neither passphrase nor key stands in a message. Threat: a copied file, guessed at for as long as one likes.
 */

const base64 = z.base64url().max(500)
export const SealedKey = z.object({
  v: z.literal(1),
  kind: z.literal('tierline-key'),
  name: z.string().max(80),
  kid: z.string().max(100),
  key: PublicKey,
  salt: base64,
  iv: base64,
  sealed: base64,
  tag: base64,
})
export type SealedKey = z.infer<typeof SealedKey>

/** A key that is open, in memory only. */
export interface SigningKey extends AuthorityKey {
  name: string
  /** @returns a compact JWS over the content's canonical JSON. */
  sign(content: unknown, typ: string): Promise<string>
  /** Over bytes as they are, once they were shown. */
  signText(text: string, typ: string): Promise<string>
  /** What an agent sealed to this key. @throws Fault `copy-sealed`. */
  unseal(box: string, about: string): Buffer<ArrayBuffer>
}

/** N=2^17, r=8, p=1: what OWASP recommends. It takes 128 MiB and about half a second. */
const hardness = { N: 2 ** 17, r: 8, p: 1, maxmem: 2 ** 28 }

export async function makeSealedKey(name: string, passphrase: string): Promise<SealedKey> {
  const { privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true })
  const { x = '', d = '' } = await exportJWK(privateKey)
  const key = { kty: 'OKP' as const, crv: 'Ed25519' as const, x }
  const [salt, iv] = [randomBytes(32), randomBytes(12)]
  const about = { name, kid: await calculateJwkThumbprint(key), key }
  const cipher = createCipheriv('aes-256-gcm', await derive(passphrase, salt), iv).setAAD(Buffer.from(canonicalJson(about)))
  const sealed = Buffer.concat([cipher.update(d, 'utf8'), cipher.final()])
  const [saltText, ivText, sealedText, tag] = [salt, iv, sealed, cipher.getAuthTag()].map((bytes) => bytes.toString('base64url'))
  return SealedKey.parse({ v: 1, kind: 'tierline-key', ...about, salt: saltText, iv: ivText, sealed: sealedText, tag })
}

/** @throws Fault `key-sealed` when the passphrase doesn't open it, or when the file was altered. */
export async function openSealedKey({ name, kid, key, ...file }: SealedKey, passphrase: string): Promise<SigningKey> {
  const bytes = (text: string): Buffer => Buffer.from(text, 'base64url')
  const derived = await derive(passphrase, bytes(file.salt))
  const d = open(() => {
    const decipher = createDecipheriv('aes-256-gcm', derived, bytes(file.iv), { authTagLength: 16 })
    decipher.setAAD(Buffer.from(canonicalJson({ name, kid, key }))).setAuthTag(bytes(file.tag))
    return Buffer.concat([decipher.update(bytes(file.sealed)), decipher.final()]).toString('utf8')
  })
  const privateKey = await importJWK({ ...key, d }, 'EdDSA')
  const signText: SigningKey['signText'] = (text, typ) =>
    new CompactSign(new TextEncoder().encode(text)).setProtectedHeader({ alg: 'EdDSA', typ, kid }).sign(privateKey)
  const opens: SigningKey['unseal'] = (box, about) => unseal(Buffer.from(d, 'base64url'), box, about)
  return { name, kid, key, signText, sign: (content, typ) => signText(canonicalJson(content), typ), unseal: opens }
}

function open(decrypt: () => string): string {
  try {
    return decrypt()
  } catch {
    throw new Fault('key-sealed', 'The passphrase does not open this key, or its file was altered.')
  }
}

function derive(passphrase: string, salt: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(passphrase.normalize('NFKC'), salt, 32, hardness, (error, key) => (error ? reject(error) : resolve(key)))
  })
}
