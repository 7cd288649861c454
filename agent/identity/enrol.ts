/**
 * A token becomes an identity. Enters: the text of a token. Leaves: key, certificate, CA and command authorities on
 * disk, or one sentence why not. Promises: all of it is stored or nothing, the token's secret goes only to a collector
 * whose CA is the one the token names, and orders are later taken only from the authority the token names.
 * Meets: somebody between agent and collector at the only moment when the agent knows nothing yet.
 */
import { CaResponse, type CommandAuthority, type EnrolmentToken, EnrolResponse, readToken } from '#shared/protocol/enrolment.ts'
import { type CallOutcome, call } from './call.ts'
import { fingerprintOf, isUsable } from './certificate.ts'
import { hasIdentity, identityFolder, storeIdentity } from './files.ts'

export interface EnrolOptions {
  token: string
  dataDir: string
  hostname: string
  platform: 'linux' | 'macos' | 'windows'
}

/** `code` is one of the collector's RefusalCodes, or not-a-token, already-enrolled, unreachable, ca-mismatch, authority-mismatch, certificate-unusable. */
export type EnrolOutcome =
  | { kind: 'enrolled'; endpointId: string; organisationId: string; collector: string }
  | { kind: 'refused'; code: string; message: string }

export async function enrol(options: EnrolOptions): Promise<EnrolOutcome> {
  const token = readToken(options.token)
  if (!token) return refused('not-a-token', 'this is no enrolment token: it begins with tl1. and is one word')
  if (hasIdentity(options.dataDir)) {
    return refused('already-enrolled', `this agent is enrolled already; remove ${identityFolder(options.dataDir)} to enrol it anew`)
  }
  const ca = await fetchCa(token)
  return ca.kind === 'refused' ? ca : enrolWith(token, ca.pem, options)
}

async function fetchCa(token: EnrolmentToken): Promise<{ kind: 'ca'; pem: string } | Refused> {
  const answer = await call(new URL('/ca', token.collector), { kind: 'unverified' }, CaResponse)
  if (answer.kind !== 'answered') return refusedBy(answer)
  const fingerprint = fingerprintOf(answer.body.certificate)
  if (fingerprint !== token.ca) {
    return refused(
      'ca-mismatch',
      `the collector at ${token.collector} is not the one this token was made by: its CA has another fingerprint`,
    )
  }
  return { kind: 'ca', pem: answer.body.certificate }
}

async function enrolWith(token: EnrolmentToken, ca: string, options: EnrolOptions): Promise<EnrolOutcome> {
  const { certificateRequest, makeKey } = await import('./certificate-request.ts')
  const key = makeKey()
  const { hostname, platform } = options
  const csr = await certificateRequest(key, hostname)
  const request = { tokenId: token.id, secret: token.secret, csr, hostname, platform }
  const answer = await call(new URL('/enrol', token.collector), { kind: 'pinned', ca }, EnrolResponse, request)
  if (answer.kind !== 'answered') return refusedBy(answer)
  const { endpointId, organisationId, certificate } = answer.body
  const authorities = await vouchedFor(answer.body.authorities, token.authority)
  if (authorities.length === 0) {
    return refused('authority-mismatch', 'the collector names a command authority that is not the one in this token; nothing was stored')
  }
  const { operatorsBy } = answer.body
  if (!(await areNamed(operatorsBy, token.authorities))) {
    return refused(
      'authority-mismatch',
      'the collector does not name the authorities of operators that are in this token; nothing was stored',
    )
  }
  if (!isUsable(certificate, key, ca)) {
    return refused('certificate-unusable', 'the collector sent a certificate that does not fit this agent’s key; nothing was stored')
  }
  const { collector, role } = token
  const whose = { ...(operatorsBy && token.authorities && { operatorsBy }), ...(role && { role }) }
  await storeIdentity(options.dataDir, { collector, endpointId, organisationId, authorities, ...whose }, { key, certificate, ca })
  return { kind: 'enrolled', endpointId, organisationId, collector }
}

/** Those the token vouches for; any other is left out, because nobody we trust has named it. */
async function vouchedFor(authorities: CommandAuthority[], expected: string): Promise<CommandAuthority[]> {
  const { calculateJwkThumbprint } = await import('jose')
  const thumbprints = await Promise.all(authorities.map(({ key }) => calculateJwkThumbprint(key)))
  return authorities.filter(({ kid }, index) => kid === expected && thumbprints[index] === expected)
}

/** The keys are those the token vouches for, in whatever order; without any in the token, none is pinned. */
async function areNamed(named: EnrolResponse['operatorsBy'], expected: EnrolmentToken['authorities']): Promise<boolean> {
  if (!expected) return true
  const { calculateJwkThumbprint } = await import('jose')
  const found = await Promise.all((named?.keys ?? []).map(async ({ kid, key }) => (await calculateJwkThumbprint(key)) === kid && kid))
  return new Set(expected).size === 2 && expected.every((kid) => found.includes(kid))
}

type Refused = Extract<EnrolOutcome, { kind: 'refused' }>

function refused(code: string, message: string): Refused {
  return { kind: 'refused', code, message }
}

function refusedBy(outcome: Exclude<CallOutcome<unknown>, { kind: 'answered' }>): Refused {
  return outcome.kind === 'refused' ? outcome : refused('unreachable', outcome.message)
}
