import type { Generated } from 'kysely'
import type { Platform, Role } from '#shared/domain/endpoint.ts'
import type { Flag } from '../flag.ts'

export interface EndpointsTable {
  id: string
  organisation_id: string
  site_id: string | null
  hostname: string
  platform: Platform
  /** What a person said this machine is; null: take the role found by facts (inventories.role). */
  confirmed_role: Role | null
  /** JSON array: what people call it, for the matrix to look at. Empty when absent. */
  tags?: Generated<string>
  enrolled_at: number
  /** It was new to us then: what it said in its first day was there before. */
  is_new: Generated<Flag>
  removed_at: number | null
  /** A restore waits for what its agent says of its isolation; null: nothing is awaited. */
  word_awaited_since?: Generated<number | null>
}
export interface CertificatesTable {
  /** Lower-case hex. */
  serial: string
  endpoint_id: string
  not_before: number
  not_after: number
  issued_at: number
  revoked_at: number | null
}
export interface EnrolmentTokensTable {
  id: string
  /** SHA-256 of the secret. */
  hash: string
  organisation_id: string
  site_id: string | null
  role: Role | null
  created_by: string
  created_at: number
  expires_at: number
  /** The machine is new to us. */
  is_new: Generated<Flag>
  used_at: number | null
  used_by_endpoint_id: string | null
}
/** The newest of each name, as agents keep it too; one handed back by them may have replaced ours. */
export interface DocumentsTable {
  name: string
  /** Only ever rises. */
  number: number
  issued_at: number
  jws: string
  /** Up to this number nothing of it is forgotten, though a restore set it back; null: there was none. */
  known_number: number | null
}
/** Machines with a certificate of our CA that was made after the backup this collector was restored from. */
export interface ForgottenEndpointsTable {
  endpoint_id: string
  /** Of the certificate that was shown last. */
  serial: string
  not_before: number
  not_after: number
  /** As it says of itself; never acted on. */
  hostname: string
  platform: Platform | null
  address: string
  first_seen_at: number
  last_seen_at: number
  /** A person let it in again. */
  adopted_at: number | null
}

export interface IdentityTables {
  endpoints: EndpointsTable
  certificates: CertificatesTable
  enrolment_tokens: EnrolmentTokensTable
  documents: DocumentsTable
  forgotten_endpoints: ForgottenEndpointsTable
}
