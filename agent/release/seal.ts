import { createCipheriv, createPublicKey, diffieHellman, generateKeyPairSync, hkdfSync, type KeyObject, randomBytes } from 'node:crypto'
import { aboutCopy, type SealedCopy, sealingLabel } from '#shared/domain/release-code.ts'
import type { PublicKey } from '#shared/protocol/authority.ts'

/*
 * A secret that only the holder of one key can open. Enters: 32 bytes, a person's public key (Ed25519, as certified). Leaves: a box:
 * X25519 with a key made for this box alone, HKDF-SHA256, AES-256-GCM. Promises: only public halves are needed, so it is sealed on
 * the machine and read nowhere on its way. The person's X25519 key is the same point as their Ed25519 key (RFC 7748 §4.1), so every
 * key that may sign can open too, and nothing more has to be certified; that one key may serve both is shown in Thormarker, "On using
 * the same key pair for Ed25519 and an X25519 based KEM" (2021). On failure (no point of the curve): it throws.
 * Threat: a collector that is taken over, with its disk and its backups.
 */

export interface Recipient {
  kid: string
  name: string
  key: PublicKey
}

export function sealTo(recipient: Recipient, secret: Buffer, endpointId: string, secretId: string): SealedCopy {
  const { kid, name, key } = recipient
  const theirs = agreeingKeyOf(key)
  const ephemeral = generateKeyPairSync('x25519')
  const shared = diffieHellman({ privateKey: ephemeral.privateKey, publicKey: theirs })
  const own = rawOf(ephemeral.publicKey)
  const sealingKey = Buffer.from(hkdfSync('sha256', shared, Buffer.concat([own, rawOf(theirs)]), sealingLabel, 32))
  const nonce = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', sealingKey, nonce).setAAD(Buffer.from(aboutCopy(endpointId, secretId, kid)))
  const sealed = Buffer.concat([cipher.update(secret), cipher.final()])
  return { kid, name, box: Buffer.concat([own, nonce, sealed, cipher.getAuthTag()]).toString('base64url') }
}

const prime = 2n ** 255n - 19n
const modulo = (value: bigint): bigint => ((value % prime) + prime) % prime

/** u = (1 + y) / (1 − y); the sign of x is of no matter there. */
export function agreeingKeyOf({ x: point }: PublicKey): KeyObject {
  const bytes = Buffer.from(point, 'base64url')
  if (bytes.length !== 32) throw new TypeError('an Ed25519 key has 32 bytes')
  const y = BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`) & (2n ** 255n - 1n)
  const u = modulo((1n + y) * power(modulo(1n - y), prime - 2n))
  const x = Buffer.from(u.toString(16).padStart(64, '0'), 'hex').reverse().toString('base64url')
  return createPublicKey({ key: { kty: 'OKP', crv: 'X25519', x }, format: 'jwk' })
}

/** Fermat: to the power of p − 2 is the inverse. Public values only, so its time tells nobody anything. */
function power(base: bigint, exponent: bigint): bigint {
  let [result, square] = [1n, base]
  for (let left = exponent; left > 0n; left >>= 1n) {
    if (left & 1n) result = modulo(result * square)
    square = modulo(square * square)
  }
  return result
}

const rawOf = (key: KeyObject): Buffer => Buffer.from(key.export({ format: 'jwk' }).x ?? '', 'base64url')
