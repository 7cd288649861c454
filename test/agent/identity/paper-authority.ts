import 'reflect-metadata'
import { createHash, randomBytes, type webcrypto } from 'node:crypto'
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  Pkcs10CertificateRequest,
  SubjectAlternativeNameExtension,
  type X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509'

const curve = { name: 'ECDSA', namedCurve: 'P-256' }
const signing = { name: 'ECDSA', hash: 'SHA-256' }

interface Life {
  from: Date
  to: Date
}
const oneDay: Life = { from: new Date(Date.now() - 60_000), to: new Date(Date.now() + 86_400_000) }

/** A certificate authority that exists for one test. */
export interface PaperAuthority {
  pem: string
  /** SHA-256 over its DER, lower-case hex. */
  fingerprint: string
  /** For a server at `host`, an IP address. */
  forServer(host: string): Promise<{ cert: string; key: string }>
  /** For the agent that sent this request. */
  forRequest(csr: string, life?: Life): Promise<string>
}

export async function makeAuthority(): Promise<PaperAuthority> {
  const keys = await makeKeys()
  const serialNumber = randomBytes(8).toString('hex')
  const ca = await X509CertificateGenerator.createSelfSigned({
    ...{ serialNumber, name: 'CN=A test authority', notBefore: oneDay.from, notAfter: oneDay.to, signingAlgorithm: signing, keys },
    extensions: [new BasicConstraintsExtension(true, 1, true)],
  })
  return {
    pem: ca.toString('pem'),
    fingerprint: createHash('sha256').update(Buffer.from(ca.rawData)).digest('hex'),
    async forServer(host) {
      const own = await makeKeys()
      const cert = await issue(ca, keys.privateKey, own.publicKey, ExtendedKeyUsage.serverAuth, oneDay, host)
      return { cert, key: await pemOf(own.privateKey) }
    },
    async forRequest(csr, life = oneDay) {
      const request = new Pkcs10CertificateRequest(csr)
      if (!(await request.verify())) throw new Error('the request is not signed by its own key')
      return issue(ca, keys.privateKey, await request.publicKey.export(), ExtendedKeyUsage.clientAuth, life)
    },
  }
}

async function issue(
  ca: X509Certificate,
  signingKey: webcrypto.CryptoKey,
  publicKey: webcrypto.CryptoKey,
  usage: ExtendedKeyUsage,
  life: Life,
  host?: string,
): Promise<string> {
  const alternative = host === undefined ? [] : [new SubjectAlternativeNameExtension([{ type: 'ip', value: host }])]
  const certificate = await X509CertificateGenerator.create({
    ...{ subject: 'CN=test', issuer: ca.subject, serialNumber: randomBytes(8).toString('hex') },
    ...{ notBefore: life.from, notAfter: life.to, publicKey, signingKey, signingAlgorithm: signing },
    extensions: [new ExtendedKeyUsageExtension([usage]), ...alternative],
  })
  return certificate.toString('pem')
}

async function makeKeys(): Promise<webcrypto.CryptoKeyPair> {
  return crypto.subtle.generateKey(curve, true, ['sign', 'verify'])
}

async function pemOf(key: webcrypto.CryptoKey): Promise<string> {
  const der = Buffer.from(await crypto.subtle.exportKey('pkcs8', key)).toString('base64')
  return `-----BEGIN PRIVATE KEY-----\n${der}\n-----END PRIVATE KEY-----\n`
}
