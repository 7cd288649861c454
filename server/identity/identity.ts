/*
 * Enters: enrolment and renewal requests, TLS peers, an admin's wish to let in or to shut out. Leaves: certificates,
 * who a peer is, signed orders. Promises: a token works once; an endpoint is who the store says its certificate's
 * serial belongs to; keys never leave their folder. On failure: a refusal with a code and one sentence.
 * Meets: a stolen token, a foreign or expired or revoked certificate, two machines with one token.
 */
import type { X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import type { Role } from '#shared/domain/endpoint.ts'
import type { Time } from '#shared/domain/time.ts'
import type { EnrolRequest } from '#shared/protocol/enrolment.ts'
import type { Store } from '../store/store.ts'
import { openCertificateAuthority } from './certificate-authority.ts'
import { type CommandAuthority, openCommandAuthority } from './command-authority.ts'
import { type Enrolled, enrol, type Renewed, renew } from './enrolment.ts'
import { openKeyFiles } from './key-files.ts'
import { type KnownEndpoint, type Refused, recognise } from './peers.ts'
import { type ServerCertificate, serverCertificateFor } from './server-certificate.ts'
import { makeToken, type NewToken } from './tokens.ts'

export interface Identity {
  caPem: string
  /** SHA-256 of the CA certificate (DER), lower-case hex. */
  caFingerprint: string
  authority: CommandAuthority
  /** The token is shown once; only its hash is kept. */
  createToken(wanted: NewToken): Promise<{ id: string; token: string; expiresAt: number }>
  enrol(request: EnrolRequest): Promise<Enrolled>
  /** For a known, unrevoked peer, up to 180 days after its certificate's end. */
  renew(peer: X509Certificate | undefined, csr: string): Promise<Renewed>
  authenticate(peer: X509Certificate | undefined): Promise<KnownEndpoint | Refused>
  /** Removes the endpoint: none of its certificates works again. Ending its live session is the wire's part. */
  revoke(endpointId: string): Promise<void>
  /** null: take the role found by facts again. */
  confirmRole(endpointId: string, role: Role | null): Promise<void>
  /** For TLS; made anew when a host is missing or two thirds of its life are over. */
  serverCertificate(hosts: readonly string[]): Promise<ServerCertificate>
}

/** @param verbs what the collector's own key may sign. */
export async function openIdentity(needs: { dataDir: string; store: Store; time: Time; verbs: readonly string[] }): Promise<Identity> {
  const { store, time } = needs
  const files = openKeyFiles(join(needs.dataDir, 'keys'))
  const ca = await openCertificateAuthority(files, time.now())
  const authority = await openCommandAuthority(files, needs.verbs)
  const { kid, key, verbs } = authority
  const now = () => ({ ca, authorities: [{ kid, key, verbs }], store, files, now: time.now() })
  return {
    caPem: ca.pem,
    caFingerprint: ca.fingerprint,
    authority,
    createToken: async (wanted) => {
      const { row, token } = makeToken(wanted, { ca: ca.fingerprint, authority: kid }, time.now())
      await store.db.insertInto('enrolment_tokens').values(row).execute()
      return { id: row.id, token, expiresAt: row.expires_at }
    },
    enrol: (request) => enrol(request, now()),
    renew: (peer, csr) => renew(peer, csr, now()),
    authenticate: (peer) => recognise(peer, 'connect', now()),
    revoke: (endpointId) => revoke(endpointId, now()),
    confirmRole: async (endpointId, role) => {
      await store.db.updateTable('endpoints').set({ confirmed_role: role }).where('id', '=', endpointId).execute()
    },
    serverCertificate: (hosts) => serverCertificateFor(hosts, now()),
  }
}

async function revoke(endpointId: string, { store, now }: { store: Store; now: number }): Promise<void> {
  await store.db.transaction().execute(async (tx) => {
    await tx.updateTable('endpoints').set({ removed_at: now }).where('id', '=', endpointId).where('removed_at', 'is', null).execute()
    const certificates = tx.updateTable('certificates').set({ revoked_at: now })
    await certificates.where('endpoint_id', '=', endpointId).where('revoked_at', 'is', null).execute()
  })
}
