import 'reflect-metadata'
import { createPrivateKey, createPublicKey, generateKeyPairSync, type webcrypto } from 'node:crypto'
import { Pkcs10CertificateRequestGenerator } from '@peculiar/x509'

const curve = { name: 'ECDSA', namedCurve: 'P-256' }

/** A new ECDSA P-256 key, PKCS#8 PEM. */
export function makeKey(): string {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
}

/** PKCS#10 PEM over `key`. The subject is a courtesy: the collector decides what stands in the certificate. */
export async function certificateRequest(key: string, hostname: string): Promise<string> {
  const request = await Pkcs10CertificateRequestGenerator.create({
    name: [{ CN: [hostname] }],
    keys: await keyPair(key),
    signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
  })
  return request.toString('pem')
}

async function keyPair(key: string): Promise<webcrypto.CryptoKeyPair> {
  const secret = createPrivateKey(key)
  const { subtle } = globalThis.crypto
  return {
    privateKey: await subtle.importKey('pkcs8', secret.export({ type: 'pkcs8', format: 'der' }), curve, true, ['sign']),
    publicKey: await subtle.importKey('spki', createPublicKey(secret).export({ type: 'spki', format: 'der' }), curve, true, ['verify']),
  }
}
