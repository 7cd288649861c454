import { existsSync, mkdtempSync, readdirSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose'
import { expect, it } from 'vitest'
import type { Authorities } from '#shared/protocol/authority.ts'
import { CommandAuthority, type EnrolmentToken, type EnrolRequest, writeToken } from '#shared/protocol/enrolment.ts'
import { enrol } from '../../../agent/identity/enrol.ts'
import { readIdentity } from '../../../agent/identity/files.ts'
import { twoAuthorities } from '../../support/operators.ts'
import { makeAuthority } from './paper-authority.ts'
import { type PaperCollector, startPaperCollector } from './paper-collector.ts'

const folder = (): string => mkdtempSync(join(tmpdir(), 'tierline-identity-'))

async function makeCommandAuthority(): Promise<CommandAuthority> {
  const { publicKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true })
  const key = await exportJWK(publicKey)
  return CommandAuthority.parse({ kid: await calculateJwkThumbprint(key), key, verbs: ['*'] })
}

/** A collector that enrols whoever asks, naming `authorities`. */
async function startEnrolling(authorities: CommandAuthority[], operatorsBy?: Authorities): Promise<PaperCollector> {
  const collector = await startPaperCollector({
    'POST /enrol': async (body) => {
      const certificate = await collector.authority.forRequest((body as EnrolRequest).csr)
      return { status: 200, body: { endpointId: 'endpoint-1', organisationId: 'organisation-1', certificate, authorities, operatorsBy } }
    },
  })
  return collector
}

function tokenFor(collector: PaperCollector, authority: CommandAuthority, changed: Partial<EnrolmentToken> = {}): string {
  const { url, authority: ca } = collector
  const secret = 'a-secret-of-at-least-32-characters'
  return writeToken({ collector: url, id: 'token-0001', secret, ca: ca.fingerprint, authority: authority.kid, ...changed })
}

const enrolHere = (token: string, dataDir: string) => enrol({ token, dataDir, hostname: 'pc-1', platform: 'linux' })

it('makes a key of its own and stores the whole identity, readable by its owner only', async () => {
  const authority = await makeCommandAuthority()
  const collector = await startEnrolling([authority])
  const dataDir = folder()
  const outcome = await enrolHere(tokenFor(collector, authority), dataDir)
  expect(outcome).toMatchObject({ kind: 'enrolled', endpointId: 'endpoint-1', collector: collector.url })
  expect(readIdentity(dataDir).pinned.authorities).toEqual([authority])
  expect(readdirSync(join(dataDir, 'identity')).sort()).toEqual(['ca.pem', 'certificate.pem', 'identity.json', 'key.pem'])
  expect(statSync(join(dataDir, 'identity')).mode & 0o777).toBe(0o700)
  expect(statSync(join(dataDir, 'identity/key.pem')).mode & 0o777).toBe(0o600)
})

it('stops before it has said anything when the CA has another fingerprint', async () => {
  const authority = await makeCommandAuthority()
  const collector = await startEnrolling([authority])
  const dataDir = folder()
  const outcome = await enrolHere(tokenFor(collector, authority, { ca: '0'.repeat(64) }), dataDir)
  expect(outcome).toMatchObject({ kind: 'refused', code: 'ca-mismatch' })
  expect(collector.requests.map(({ to }) => to)).toEqual(['GET /ca'])
  expect(existsSync(join(dataDir, 'identity'))).toBe(false)
})

it('gives its secret to nobody who shows the right CA but has no certificate from it', async () => {
  const authority = await makeCommandAuthority()
  const collector = await startPaperCollector({}, await makeAuthority())
  const outcome = await enrolHere(tokenFor(collector, authority), folder())
  expect(outcome).toMatchObject({ kind: 'refused', code: 'unreachable', message: expect.stringContaining('own CA') })
  expect(collector.requests.map(({ to }) => to)).toEqual(['GET /ca'])
})

it('stores nothing when the command authority is not the one of the token', async () => {
  const authority = await makeCommandAuthority()
  const collector = await startEnrolling([await makeCommandAuthority()])
  const dataDir = folder()
  expect(await enrolHere(tokenFor(collector, authority), dataDir)).toMatchObject({ kind: 'refused', code: 'authority-mismatch' })
  expect(readdirSync(dataDir)).toEqual([])
})

it('does not believe a key that merely claims the right thumbprint, and leaves out keys the token does not vouch for', async () => {
  const authority = await makeCommandAuthority()
  const other = await makeCommandAuthority()
  const lying = await startEnrolling([{ ...other, kid: authority.kid }])
  expect(await enrolHere(tokenFor(lying, authority), folder())).toMatchObject({ code: 'authority-mismatch' })
  const generous = await startEnrolling([authority, other])
  const dataDir = folder()
  await enrolHere(tokenFor(generous, authority), dataDir)
  expect(readIdentity(dataDir).pinned.authorities).toEqual([authority])
})

it('hands on why the collector refused', async () => {
  const authority = await makeCommandAuthority()
  const collector = await startPaperCollector({
    'POST /enrol': () => ({ status: 403, body: { code: 'token-used', message: 'this token was used already' } }),
  })
  const outcome = await enrolHere(tokenFor(collector, authority), folder())
  expect(outcome).toEqual({ kind: 'refused', code: 'token-used', message: 'this token was used already' })
})

it('refuses what is no token, and a second enrolment over a first', async () => {
  const authority = await makeCommandAuthority()
  const collector = await startEnrolling([authority])
  const dataDir = folder()
  expect(await enrolHere('hello', dataDir)).toMatchObject({ code: 'not-a-token' })
  await enrolHere(tokenFor(collector, authority), dataDir)
  expect(await enrolHere(tokenFor(collector, authority), dataDir)).toMatchObject({ code: 'already-enrolled' })
})

it('pins who names operators, and what the machine is for, only as its token says', async () => {
  const authority = await makeCommandAuthority()
  const [{ pair }, strangers] = [await twoAuthorities(), await twoAuthorities()]
  const authorities = pair.keys.map(({ kid }) => kid)
  const dataDir = folder()
  await enrolHere(tokenFor(await startEnrolling([authority], pair), authority, { authorities, role: 'core' }), dataDir)
  expect(readIdentity(dataDir).pinned).toMatchObject({ operatorsBy: pair, role: 'core' })
  for (const named of [strangers.pair, undefined]) {
    const outcome = await enrolHere(tokenFor(await startEnrolling([authority], named), authority, { authorities }), folder())
    expect(outcome).toMatchObject({ kind: 'refused', code: 'authority-mismatch' })
  }
})
