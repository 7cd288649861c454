/*
 * Enters: enrolment and renewal requests, TLS peers, an admin's wish to let in or to shut out. Leaves: certificates,
 * who a peer is, signed orders and documents. Promises: a token works once; an endpoint is who the store says its
 * certificate's serial belongs to; keys never leave their folder; whoever is revoked stays so over a restore, as soon as
 * an agent has handed the list back. On failure: a refusal with a code and one sentence. Meets: a stolen token, a foreign
 * or expired or revoked certificate, two machines with one token.
 */
import type { X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { coreTags, type Role } from '#shared/domain/endpoint.ts'
import { sentenceOf } from '#shared/domain/fault.ts'
import { recur } from '#shared/domain/recur.ts'
import { seconds, type Time } from '#shared/domain/time.ts'
import type { Register } from '#shared/protocol/command-powers.ts'
import addresses from '#shared/protocol/documents/addresses.ts'
import type { EnrolRequest } from '#shared/protocol/enrolment.ts'
import type { Store, Within } from '../store/store.ts'
import { adoption, type RaiseWithin } from './adoption.ts'
import { openCertificateAuthority } from './certificate-authority.ts'
import { type CommandAuthority, openCommandAuthority } from './command-authority.ts'
import { type Documents, openDocuments } from './documents.ts'
import { type Enrolled, enrol, type Renewed, renew } from './enrolment.ts'
import { type Adoption, adoptForgotten, type Caller, type Place } from './forgotten.ts'
import { openKeyFiles } from './key-files.ts'
import { certificatesIn, type KnownEndpoint, type Refused, recognise } from './peers.ts'
import { pairOf, registerOf } from './register.ts'
import { createRevocations } from './revocations.ts'
import { type ServerCertificate, serverCertificateFor } from './server-certificate.ts'
import { makeToken, type NewToken } from './tokens.ts'

export interface Identity {
  caPem: string
  /** SHA-256 of the CA certificate (DER), lower-case hex. */
  caFingerprint: string
  authority: CommandAuthority
  /** The token is shown once; only its hash is kept. */
  createToken(wanted: NewToken, within?: Within): Promise<{ id: string; token: string; expiresAt: number }>
  enrol(request: EnrolRequest): Promise<Enrolled>
  /** For a known, unrevoked peer, up to 180 days after its certificate's end. */
  renew(peer: X509Certificate | undefined, csr: string): Promise<Renewed>
  /** @param from for people, who decide on a machine that a restored collector has forgotten. */
  authenticate(peer: X509Certificate | undefined, from?: Caller): Promise<KnownEndpoint | Refused>
  /** Lets a machine in again that a restored collector has forgotten. */
  adopt(endpointId: string, place: Place, within?: Within): Promise<Adoption>
  /** Removes the endpoint: none of its certificates works again. Ending its live session is the wire's part. */
  revoke(endpointId: string, within?: Within): Promise<void>
  /** null: take the role found by facts again. */
  confirmRole(endpointId: string, role: Role | null, within?: Within): Promise<void>
  /** What people call it. A tag that means core confirms that role where nobody has said one. */
  tag(endpointId: string, tags: readonly string[], within?: Within): Promise<void>
  /** As the signed list has it: also of endpoints that a restored database doesn't know. */
  isRevoked(endpointId: string): boolean
  /** For TLS, with the hosts that agents were told of; made anew when one is missing or two thirds of its life are over. */
  serverCertificate(hosts: readonly string[]): Promise<ServerCertificate>
  documents: Documents
  /** Whose keys may sign commands; undefined: the collector commands alone. */
  register(): Register | undefined
  /** Takes up what other processes issue, and issues what is late. @returns its end. */
  watchDocuments(): () => Promise<void>
}

export interface IdentityNeeds {
  dataDir: string
  store: Store
  time: Time
  /** What the collector's own key may sign, beside documents. */
  verbs: readonly string[]
  /** Nothing is said, when absent. */
  log?: Logger
  /** Puts the news that agents handed something back on the pipeline's work list. */
  raiseWithin?: RaiseWithin
}

export async function openIdentity(needs: IdentityNeeds): Promise<Identity> {
  const { store, time, log } = needs
  const files = openKeyFiles(join(needs.dataDir, 'keys'))
  const ca = await openCertificateAuthority(files, time.now())
  const authority = await openCommandAuthority(files, needs.verbs)
  const { kid, key, verbs } = authority
  const documents = await openDocuments({ store, time, authority, log, adopting: adoption(needs) })
  const { revoke, isRevoked, issueLate } = createRevocations({ store, time, documents, log })
  const certificates = certificatesIn(store)
  const operatorsBy = () => pairOf(documents)
  const own = { ca, certificates, authorities: [{ kid, key, verbs }], operatorsBy, store, files, isRevoked, raiseWithin: needs.raiseWithin }
  const now = () => ({ ...own, now: time.now() })
  return {
    caPem: ca.pem,
    caFingerprint: ca.fingerprint,
    authority,
    createToken: async (wanted, within) => {
      const pair = await operatorsBy()
      const pins = { ca: ca.fingerprint, authority: kid, ...(pair && { authorities: pair.keys.map((each) => each.kid) }) }
      const { row, token } = makeToken(wanted, pins, time.now())
      await store.db.transaction().execute(async (tx) => {
        await tx.insertInto('enrolment_tokens').values(row).execute()
        await within?.(tx, row.id)
      })
      return { id: row.id, token, expiresAt: row.expires_at }
    },
    enrol: (request) => enrol(request, now()),
    renew: (peer, csr) => renew(peer, csr, now()),
    authenticate: (peer, from) => recognise(peer, 'connect', now(), from),
    adopt: (endpointId, place, within) => adoptForgotten(endpointId, place, { ...now(), within }),
    revoke,
    isRevoked,
    confirmRole: (endpointId, role, within) =>
      store.db.transaction().execute(async (tx) => {
        await tx.updateTable('endpoints').set({ confirmed_role: role }).where('id', '=', endpointId).execute()
        await within?.(tx)
      }),
    tag: (endpointId, tags, within) => {
      const isCore = tags.some((tag) => coreTags.includes(tag))
      const said = { tags: JSON.stringify([...new Set(tags)]) }
      return store.db.transaction().execute(async (tx) => {
        await tx
          .updateTable('endpoints')
          .where('id', '=', endpointId)
          .set((either) => ({
            ...said,
            ...(isCore && { confirmed_role: either.fn.coalesce('confirmed_role', either.val('core' as const)) }),
          }))
          .execute()
        await within?.(tx)
      })
    },
    serverCertificate: (hosts) => {
      const told = documents.content(addresses)?.collectors ?? []
      return serverCertificateFor([...new Set([...hosts, ...told.map(hostOf)])], now())
    },
    documents,
    register: () => registerOf(documents),
    watchDocuments: () =>
      recur({
        ...{ time, everyMs: lookEveryMs, firstAfterMs: 0 },
        round: () => Promise.all([documents.refresh(), issueLate()]),
        failed: (error) => log?.error({ reason: sentenceOf(error) }, 'signed documents could not be looked after'),
      }),
  }
}

/** `tierline addresses set` is another process; nobody who moves a collector minds these seconds. */
const lookEveryMs = seconds(3)

const hostOf = (collector: string): string => new URL(collector).hostname.replace(/^\[|\]$/g, '')
