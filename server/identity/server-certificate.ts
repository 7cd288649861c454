import { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { days } from '#shared/domain/time.ts'
import { type CertificateAuthority, makeKeyPair } from './certificate-authority.ts'
import type { KeyFiles } from './key-files.ts'

const lifeMs = days(365)

export interface ServerCertificate {
  certificate: string
  key: string
}

/** The one on disk while it names these hosts and has a third of its life left; otherwise a new one. */
export async function serverCertificateFor(
  hosts: readonly string[],
  needs: { ca: CertificateAuthority; files: KeyFiles; now: number },
): Promise<ServerCertificate> {
  const kept = readKept(needs.files)
  if (kept && isGood(kept.certificate, hosts, needs)) return kept
  const { publicKey, pem: key } = await makeKeyPair()
  const { pem: certificate } = await needs.ca.issueServer(hosts, publicKey, needs.now, lifeMs)
  needs.files.write('server.json', JSON.stringify({ certificate, key }))
  return { certificate, key }
}

/** Certificate and key lie in one file, so that they always fit each other. */
function readKept(files: KeyFiles): ServerCertificate | undefined {
  const text = files.read('server.json')
  return text === undefined ? undefined : (JSON.parse(text) as ServerCertificate)
}

function isGood(pem: string, hosts: readonly string[], { ca, now }: { ca: CertificateAuthority; now: number }): boolean {
  const certificate = new X509Certificate(pem)
  const [from, to] = [Date.parse(certificate.validFrom), Date.parse(certificate.validTo)]
  const isYoung = now >= from && now < from + ((to - from) * 2) / 3
  return isYoung && ca.hasIssued(certificate) && hosts.every((host) => names(certificate, host))
}

/** `checkIP` throws at whatever is no address. */
const names = (certificate: X509Certificate, host: string): boolean =>
  (isIP(host) === 0 ? certificate.checkHost(host, { subject: 'never' }) : certificate.checkIP(host)) !== undefined
