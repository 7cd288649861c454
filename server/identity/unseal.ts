import { createDecipheriv, createHash, createPrivateKey, createPublicKey, diffieHellman, hkdfSync, type KeyObject } from 'node:crypto'
import { Fault } from '#shared/domain/fault.ts'
import { boxParts, sealingLabel } from '#shared/domain/release-code.ts'

/*
 * The other end of an agent's sealing. Enters: the seed of a person's Ed25519 key, a box, and what it must be about. Leaves: what was
 * sealed. Promises: a box for another key, machine or secret, or one that was altered, doesn't open. On failure: a Fault.
 */

const part = (box: Buffer, [from, to]: readonly [number, number]): Buffer => box.subarray(from, to)
const rawOf = (key: KeyObject): Buffer => Buffer.from(key.export({ format: 'jwk' }).x ?? '', 'base64url')

/** PKCS #8 of an X25519 key (RFC 8410), up to its 32 bytes. */
const pkcs8 = Buffer.from('302e020100300506032b656e04220420', 'hex')

/** The scalar that Ed25519 itself makes of its seed (RFC 8032 §5.1.5); X25519 clamps it. */
function agreeingKeyOf(seed: Buffer): KeyObject {
  const scalar = createHash('sha512').update(seed).digest().subarray(0, 32)
  return createPrivateKey({ key: Buffer.concat([pkcs8, scalar]), format: 'der', type: 'pkcs8' })
}

export function unseal(seed: Buffer, text: string, about: string): Buffer<ArrayBuffer> {
  const box = Buffer.from(text, 'base64url')
  try {
    const privateKey = agreeingKeyOf(seed)
    const ephemeral = part(box, boxParts.ephemeral)
    const publicKey = createPublicKey({ key: { kty: 'OKP', crv: 'X25519', x: ephemeral.toString('base64url') }, format: 'jwk' })
    const salt = Buffer.concat([ephemeral, rawOf(createPublicKey(privateKey))])
    const key = Buffer.from(hkdfSync('sha256', diffieHellman({ privateKey, publicKey }), salt, sealingLabel, 32))
    const decipher = createDecipheriv('aes-256-gcm', key, part(box, boxParts.nonce), { authTagLength: 16 })
    decipher.setAAD(Buffer.from(about)).setAuthTag(part(box, boxParts.tag))
    return Buffer.concat([decipher.update(part(box, boxParts.sealed)), decipher.final()])
  } catch {
    throw new Fault('copy-sealed', 'This key does not open the machine’s copy: it was sealed to another, or altered.')
  }
}
