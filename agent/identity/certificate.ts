import { createPrivateKey, X509Certificate } from 'node:crypto'

/** SHA-256 over the DER in lower-case hex; undefined when it is no certificate. */
export function fingerprintOf(pem: string): string | undefined {
  return parse(pem)?.fingerprint256.replaceAll(':', '').toLowerCase()
}

/** Made for `key`, by the pinned CA. Its dates are not judged here: clocks differ. */
export function isUsable(pem: string, key: string, ca: string): boolean {
  const certificate = parse(pem)
  const issuer = parse(ca)
  if (!certificate || !issuer) return false
  return certificate.checkPrivateKey(createPrivateKey(key)) && certificate.verify(issuer.publicKey)
}

/** Epoch ms: when it may be used, and when it is time for the next one (two thirds of its life). */
export function validityOf(pem: string): { from: number; to: number; renewAt: number } {
  const certificate = new X509Certificate(pem)
  const from = Date.parse(certificate.validFrom)
  const to = Date.parse(certificate.validTo)
  return { from, to, renewAt: from + Math.floor(((to - from) * 2) / 3) }
}

function parse(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem)
  } catch {
    return undefined
  }
}
