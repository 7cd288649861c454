import { randomUUIDv7, type X509Certificate } from 'node:crypto'
import { plainText } from '#shared/domain/plain-text.ts'
import { days } from '#shared/domain/time.ts'
import type { Authorities } from '#shared/protocol/authority.ts'
import { RefusalCode } from '#shared/protocol/close-codes.ts'
import type { EnrolRequest, EnrolResponse, CommandAuthority as PublicAuthority } from '#shared/protocol/enrolment.ts'
import type { Tx } from '../store/store.ts'
import type { Issued } from './certificate-authority.ts'
import { requestedKey } from './certificate-request.ts'
import { type PeerNeeds, type Refused, recognise, refused } from './peers.ts'
import { stateOf, useToken } from './tokens.ts'

export const clientLifeMs = days(365)

interface Needs extends PeerNeeds {
  authorities: PublicAuthority[]
  /** Who names operators, where somebody does. */
  operatorsBy(): Promise<Authorities | undefined>
}
export type Enrolled = { kind: 'enrolled'; response: EnrolResponse } | Refused
export type Renewed = { kind: 'renewed'; certificate: string } | Refused

/** A token becomes an endpoint with its first certificate; of two calls with one token, one wins. */
export async function enrol(request: EnrolRequest, { ca, authorities, operatorsBy, store, now }: Needs): Promise<Enrolled> {
  const token = await store.db.selectFrom('enrolment_tokens').selectAll().where('id', '=', request.tokenId).executeTakeFirst()
  const state = stateOf(token, request.secret, now)
  if (state.kind !== 'good') return tokenRefusals[state.kind]()
  const { organisation_id, site_id, role, is_new } = state.token
  const publicKey = await requestedKey(request.csr)
  if (!publicKey) return badRequest()
  const id = randomUUIDv7()
  const certificate = await ca.issueClient({ commonName: id, publicKey }, now, clientLifeMs)
  const { hostname, platform } = request
  const endpoint = { id, organisation_id, site_id, hostname: plainText(hostname), platform, confirmed_role: role, is_new }
  const isFirst = await store.db.transaction().execute(async (tx) => {
    if (!(await useToken(tx, request.tokenId, id, now))) return false
    await tx
      .insertInto('endpoints')
      .values({ ...endpoint, enrolled_at: now, removed_at: null })
      .execute()
    await keepCertificate(tx, id, certificate, now)
    return true
  })
  if (!isFirst) return tokenRefusals.used()
  const pair = await operatorsBy()
  const pins = { authorities, ...(pair && { operatorsBy: pair }) }
  return { kind: 'enrolled', response: { endpointId: id, organisationId: organisation_id, certificate: certificate.pem, ...pins } }
}

/** The old certificate stays good until its end: the answer to this call may get lost. */
export async function renew(peer: X509Certificate | undefined, csr: string, needs: PeerNeeds): Promise<Renewed> {
  const { ca, store, now } = needs
  const known = await recognise(peer, 'renew', needs)
  if (known.kind === 'refused') return known
  const publicKey = await requestedKey(csr)
  if (!publicKey) return badRequest()
  const certificate = await ca.issueClient({ commonName: known.endpointId, publicKey }, now, clientLifeMs)
  await store.db.transaction().execute((tx) => keepCertificate(tx, known.endpointId, certificate, now))
  return { kind: 'renewed', certificate: certificate.pem }
}

const tokenRefusals = {
  unknown: () => refused(RefusalCode.TokenUnknown, 'this collector made no such enrolment token'),
  used: () => refused(RefusalCode.TokenUsed, 'this enrolment token has been used; each works once'),
  expired: () => refused(RefusalCode.TokenExpired, 'this enrolment token has expired; make a new one'),
}

const badRequest = (): Refused =>
  refused(RefusalCode.BadRequest, 'the certificate request is not a PKCS#10 request for an ECDSA P-256 key, signed by that key')

async function keepCertificate(tx: Tx, endpointId: string, { serial, notBefore, notAfter }: Issued, now: number): Promise<void> {
  await tx
    .insertInto('certificates')
    .values({ serial, endpoint_id: endpointId, not_before: notBefore, not_after: notAfter, issued_at: now, revoked_at: null })
    .execute()
}
