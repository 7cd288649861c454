import 'reflect-metadata'
import * as x509 from '@peculiar/x509'

/** The public key that a PKCS#10 request asks a certificate for, or undefined: not a request, not P-256, or not signed by its own key. */
export async function requestedKey(csr: string): Promise<x509.PublicKey | undefined> {
  try {
    const request = new x509.Pkcs10CertificateRequest(csr)
    const { name, namedCurve } = request.publicKey.algorithm as { name: string; namedCurve?: string }
    const isOurKind = name === 'ECDSA' && namedCurve === 'P-256'
    return isOurKind && (await request.verify()) ? request.publicKey : undefined
  } catch {
    // Whatever a stranger sent: a parser's complaint is no more than "not a request".
    return undefined
  }
}
