import type { X509Certificate } from 'node:crypto'
import { days } from '#shared/domain/time.ts'
import { RefusalCode } from '#shared/protocol/close-codes.ts'
import type { Store } from '../store/store.ts'
import type { CertificateAuthority } from './certificate-authority.ts'

/** How long after its end a certificate may still be exchanged for a new one by its own key. */
const renewableForMs = days(180)

export interface KnownEndpoint {
  kind: 'endpoint'
  endpointId: string
  organisationId: string
  siteId: string | null
}
export interface Refused {
  kind: 'refused'
  code: RefusalCode
  message: string
}

/** TLS has proven that the peer holds the key; who it is stands in the store and never in the certificate's words. */
export async function recognise(
  peer: X509Certificate | undefined,
  purpose: 'connect' | 'renew',
  { ca, store, isRevoked, now }: { ca: CertificateAuthority; store: Store; isRevoked(endpointId: string): boolean; now: number },
): Promise<KnownEndpoint | Refused> {
  if (!peer) return refused(RefusalCode.CertificateMissing, 'this door needs the client certificate that enrolment gave the agent')
  if (!ca.hasIssued(peer)) return refused(RefusalCode.CertificateForeign, 'the client certificate was not issued by this collector')
  const row = await store.db
    .selectFrom('certificates')
    .innerJoin('endpoints', 'endpoints.id', 'certificates.endpoint_id')
    .select(['endpoints.id', 'organisation_id', 'site_id', 'removed_at', 'revoked_at', 'not_before', 'not_after'])
    .where('serial', '=', peer.serialNumber.toLowerCase())
    .executeTakeFirst()
  const isShutOut = row ? row.revoked_at !== null || row.removed_at !== null : isRevoked(namedIn(peer))
  if (isShutOut) return refused(RefusalCode.CertificateRevoked, 'the client certificate has been revoked; enrol the agent anew')
  if (!row) return refused(RefusalCode.EndpointUnknown, 'this collector knows no endpoint with this certificate; enrol the agent anew')
  const graceMs = purpose === 'renew' ? renewableForMs : 0
  if (now >= row.not_after + graceMs) {
    return refused(
      RefusalCode.CertificateExpired,
      purpose === 'renew'
        ? 'the client certificate expired too long ago; enrol the agent anew'
        : 'the client certificate has expired; renew it first',
    )
  }
  return { kind: 'endpoint', endpointId: row.id, organisationId: row.organisation_id, siteId: row.site_id }
}

/** The endpoint that we wrote into a certificate of ours which this store, restored from a backup, has forgotten. */
const namedIn = ({ subject }: X509Certificate): string => /^CN=(.+)$/m.exec(subject)?.[1] ?? ''

export function refused(code: RefusalCode, message: string): Refused {
  return { kind: 'refused', code, message }
}
