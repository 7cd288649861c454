import type { X509Certificate } from 'node:crypto'
import DataLoader from 'dataloader'
import { days } from '#shared/domain/time.ts'
import { RefusalCode } from '#shared/protocol/close-codes.ts'
import type { Store } from '../store/store.ts'
import type { CertificateAuthority } from './certificate-authority.ts'
import { type Caller, type Needs as ForgottenNeeds, findForgotten, namedIn } from './forgotten.ts'

/** How long after its end a certificate may still be exchanged for a new one by its own key. */
export const renewableForMs = days(180)

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

export interface PeerNeeds extends ForgottenNeeds {
  ca: CertificateAuthority
  certificates: Certificates
  /** By the signed list, which knows more than a restored database. */
  isRevoked(endpointId: string): boolean
}

/** TLS has proven that the peer holds the key; who it is stands in the store and never in the certificate's words. */
export async function recognise(
  peer: X509Certificate | undefined,
  purpose: 'connect' | 'renew',
  needs: PeerNeeds,
  from?: Caller,
): Promise<KnownEndpoint | Refused> {
  if (!peer) return refused(RefusalCode.CertificateMissing, 'this door needs the client certificate that enrolment gave the agent')
  if (!needs.ca.hasIssued(peer)) return refused(RefusalCode.CertificateForeign, 'the client certificate was not issued by this collector')
  const known = await needs.certificates.load(peer.serialNumber.toLowerCase())
  if (known ? known.revoked_at !== null || known.removed_at !== null : needs.isRevoked(namedIn(peer))) return refusals.removed()
  const found = known ?? (await findForgotten(peer, from, needs))
  if (found.kind === 'forgotten') return refusals.forgotten(found.madeAt)
  if (found.kind !== 'endpoint') return refusals[found.kind]()
  const graceMs = purpose === 'renew' ? renewableForMs : 0
  if (needs.now >= found.not_after + graceMs) return refusals.expired(purpose)
  return { kind: 'endpoint', endpointId: found.id, organisationId: found.organisation_id, siteId: found.site_id }
}

interface Certificate {
  kind: 'endpoint'
  id: string
  organisation_id: string
  site_id: string | null
  removed_at: number | null
  revoked_at: number | null
  not_after: number
}

/** By serial number. A fleet that comes back knocks all at once: those of one moment share a query. */
export type Certificates = DataLoader<string, Certificate | undefined>

export const certificatesIn = ({ db }: Store): Certificates =>
  new DataLoader(
    async (serials) => {
      const rows = await db
        .selectFrom('certificates')
        .innerJoin('endpoints', 'endpoints.id', 'certificates.endpoint_id')
        .select(['serial', 'endpoints.id', 'organisation_id', 'site_id', 'removed_at', 'revoked_at', 'not_after'])
        .where('serial', 'in', [...serials])
        .execute()
      const found = new Map(rows.map((row) => [row.serial, { kind: 'endpoint' as const, ...row }]))
      return serials.map((serial) => found.get(serial))
    },
    { cache: false, maxBatchSize: 200, batchScheduleFn: setImmediate },
  )

const refusals = {
  removed: () => refused(RefusalCode.CertificateRevoked, 'the client certificate has been revoked; enrol the agent anew'),
  unknown: () => refused(RefusalCode.EndpointUnknown, 'this collector knows no endpoint with this certificate; enrol the agent anew'),
  forgotten: (madeAt: number) =>
    refused(
      RefusalCode.EndpointForgotten,
      `this collector was restored from a backup of ${new Date(madeAt).toISOString()}, of before this endpoint; its people were told, and can let it in again`,
    ),
  expired: (purpose: 'connect' | 'renew') =>
    refused(
      RefusalCode.CertificateExpired,
      purpose === 'renew'
        ? 'the client certificate expired too long ago; enrol the agent anew'
        : 'the client certificate has expired; renew it first',
    ),
}

export function refused(code: RefusalCode, message: string): Refused {
  return { kind: 'refused', code, message }
}
