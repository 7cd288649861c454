import 'reflect-metadata'
import { X509Certificate as NodeCertificate, randomBytes } from 'node:crypto'
import { isIP } from 'node:net'
import * as x509 from '@peculiar/x509'
import { days, minutes } from '#shared/domain/time.ts'
import type { KeyFiles } from './key-files.ts'

const ecdsa = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const caLifeMs = days(3_650)
/** Agents' clocks may be a little behind the collector's. */
const backdatedMs = minutes(10)

export interface Issued {
  pem: string
  /** Lower-case hex. */
  serial: string
  notBefore: number
  notAfter: number
}

/** The collector's own CA: signs its server certificate and every agent's client certificate, nothing else. */
export interface CertificateAuthority {
  pem: string
  /** SHA-256 of the DER, lower-case hex. */
  fingerprint: string
  /** Whether this certificate bears our signature; says nothing of its dates. */
  hasIssued(certificate: NodeCertificate): boolean
  issueClient(subject: { commonName: string; publicKey: x509.PublicKey }, now: number, lifeMs: number): Promise<Issued>
  issueServer(hosts: readonly string[], publicKey: CryptoKey, now: number, lifeMs: number): Promise<Issued>
}

export async function openCertificateAuthority(files: KeyFiles, now: number): Promise<CertificateAuthority> {
  const { pem, key } = readCa(files) ?? (await makeCa(files, now))
  const certificate = new NodeCertificate(pem)
  const signingKey = await importKey(key)
  const issue = (kind: LeafKind, now: number, lifeMs: number) =>
    issueLeaf({ issuer: new x509.X509Certificate(pem), signingKey }, kind, now, lifeMs)
  return {
    pem,
    fingerprint: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
    hasIssued: (candidate) => candidate.checkIssued(certificate) && candidate.verify(certificate.publicKey),
    issueClient: ({ commonName, publicKey }, now, lifeMs) => issue({ commonName, publicKey, usage: 'clientAuth', hosts: [] }, now, lifeMs),
    issueServer: (hosts, publicKey, now, lifeMs) =>
      issue({ commonName: 'Tierline collector', publicKey, usage: 'serverAuth', hosts }, now, lifeMs),
  }
}

/** A fresh P-256 pair for ECDSA; the private half as PKCS#8 PEM. */
export async function makeKeyPair(): Promise<{ publicKey: CryptoKey; pem: string }> {
  const pair = await crypto.subtle.generateKey(ecdsa, true, ['sign', 'verify'])
  if (!('privateKey' in pair)) throw new TypeError('ECDSA makes a pair of keys')
  return {
    publicKey: pair.publicKey,
    pem: x509.PemConverter.encode(await crypto.subtle.exportKey('pkcs8', pair.privateKey), 'PRIVATE KEY'),
  }
}

function readCa(files: KeyFiles): { pem: string; key: string } | undefined {
  const [pem, key] = [files.read('ca.pem'), files.read('ca.key.pem')]
  return pem !== undefined && key !== undefined ? { pem, key } : undefined
}

/** The key is written first: a crash in between makes another pair, and nothing was signed by the first. */
async function makeCa(files: KeyFiles, now: number): Promise<{ pem: string; key: string }> {
  const { publicKey, pem: key } = await makeKeyPair()
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: makeSerial(),
    name: `CN=Tierline CA ${makeSerial().slice(0, 8)}`,
    notBefore: new Date(now - backdatedMs),
    notAfter: new Date(now + caLifeMs),
    signingAlgorithm: ecdsa,
    keys: { publicKey, privateKey: await importKey(key) },
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(publicKey),
    ],
  })
  const pem = certificate.toString('pem')
  files.write('ca.key.pem', key)
  files.write('ca.pem', pem)
  return { pem, key }
}

interface LeafKind {
  commonName: string
  publicKey: x509.PublicKey | CryptoKey
  usage: 'clientAuth' | 'serverAuth'
  hosts: readonly string[]
}

async function issueLeaf(
  ca: { issuer: x509.X509Certificate; signingKey: CryptoKey },
  { commonName, publicKey, usage, hosts }: LeafKind,
  now: number,
  lifeMs: number,
): Promise<Issued> {
  const serial = makeSerial()
  const [notBefore, notAfter] = [now - backdatedMs, now + lifeMs]
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serial,
    subject: [{ CN: [commonName] }],
    issuer: ca.issuer.subject,
    notBefore: new Date(notBefore),
    notAfter: new Date(notAfter),
    signingAlgorithm: ecdsa,
    publicKey,
    signingKey: ca.signingKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage[usage]]),
      await x509.AuthorityKeyIdentifierExtension.create(ca.issuer.publicKey),
      ...(hosts.length > 0
        ? [new x509.SubjectAlternativeNameExtension(hosts.map((host) => ({ type: isIP(host) === 0 ? 'dns' : 'ip', value: host })))]
        : []),
    ],
  })
  return { pem: certificate.toString('pem'), serial, notBefore, notAfter }
}

/** 127 random bits, so the number is positive and never has a leading zero that tools would drop. */
function makeSerial(): string {
  const bytes = randomBytes(16)
  bytes.writeUInt8((bytes.readUInt8(0) & 0x3f) | 0x40, 0)
  return bytes.toString('hex')
}

function importKey(pem: string): Promise<CryptoKey> {
  return crypto.subtle.importKey('pkcs8', x509.PemConverter.decodeFirst(pem), ecdsa, true, ['sign'])
}
