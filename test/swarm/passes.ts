import 'reflect-metadata'
import { createPrivateKey, generateKeyPair, randomBytes, randomUUID, sign, X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import { promisify } from 'node:util'
import * as x509 from '@peculiar/x509'
import { days } from '#shared/domain/time.ts'
import { openCertificateAuthority } from '../../server/identity/certificate-authority.ts'
import { openKeyFiles } from '../../server/identity/key-files.ts'
import { integer, sequence, tag, values } from './der.ts'

/*
 * Certificates for thousands of endpoints. The CA's own way takes 5 ms each, most of it in the X.509 library, so it is
 * gone once: what it issued serves as the pattern, in which serial, name and key are replaced before it is signed anew
 * with the CA's key, in 0.3 ms. To TLS and to the collector they are no different.
 */
export interface Pass {
  endpointId: string
  /** Lower-case hex. */
  serial: string
  /** PEM, both. */
  key: string
  certificate: string
  notBefore: number
  notAfter: number
}

const lifeMs = days(30)
const makePair = promisify(generateKeyPair)
const encoding = { publicKeyEncoding: { type: 'spki', format: 'der' }, privateKeyEncoding: { type: 'pkcs8', format: 'pem' } } as const

/** `dataDir`: of a collector on this machine, whose CA key lies there. */
export async function issuePasses(dataDir: string, count: number): Promise<{ ca: string; passes: Pass[] }> {
  const files = openKeyFiles(join(dataDir, 'keys'))
  const ca = await openCertificateAuthority(files, Date.now())
  const caKey = createPrivateKey(files.read('ca.key.pem') ?? '')
  const pattern = await makePattern(ca)
  const passes: Pass[] = []
  while (passes.length < count) {
    const pair = await makePair('ec', { namedCurve: 'P-256', ...encoding })
    const endpointId = randomUUID()
    const serial = makeSerial()
    const toBeSigned = replaced(pattern, endpointId, serial, pair.publicKey)
    const signature = sign('sha256', toBeSigned, caKey)
    const der = sequence(toBeSigned, pattern.algorithm, tag(0x03, Buffer.concat([Buffer.of(0), signature])))
    const certificate = x509.PemConverter.encode(new Uint8Array(der).buffer, 'CERTIFICATE')
    passes.push({ endpointId, serial, key: pair.privateKey, certificate, notBefore: pattern.notBefore, notAfter: pattern.notAfter })
  }
  return { ca: ca.pem, passes }
}

interface Pattern {
  /** The part that is signed, and the name of how. */
  body: Buffer
  algorithm: Buffer
  serialAt: number
  nameAt: number
  keyAt: number
  notBefore: number
  notAfter: number
}

async function makePattern(ca: Awaited<ReturnType<typeof openCertificateAuthority>>): Promise<Pattern> {
  const { publicKey } = await makePair('ec', { namedCurve: 'P-256', ...encoding })
  const commonName = randomUUID()
  const { pem, serial, notBefore, notAfter } = await ca.issueClient(
    { commonName, publicKey: new x509.PublicKey(publicKey) },
    Date.now(),
    lifeMs,
  )
  const [body = Buffer.alloc(0), algorithm = Buffer.alloc(0)] = values(new X509Certificate(pem).raw)
  const serialAt = body.indexOf(integer(Buffer.from(serial, 'hex'))) + 2
  return { body, algorithm, serialAt, nameAt: body.indexOf(commonName), keyAt: body.indexOf(publicKey), notBefore, notAfter }
}

/** All three have the same length in every certificate. */
function replaced({ body, serialAt, nameAt, keyAt }: Pattern, name: string, serial: string, key: Buffer): Buffer {
  const made = Buffer.from(body)
  made.write(serial, serialAt, 'hex')
  made.write(name, nameAt)
  key.copy(made, keyAt)
  return made
}

/** As the CA makes them: positive, and never with a leading zero. */
function makeSerial(): string {
  const bytes = randomBytes(16)
  bytes.writeUInt8((bytes.readUInt8(0) & 0x3f) | 0x40, 0)
  return bytes.toString('hex')
}
