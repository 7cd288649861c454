import { X509Certificate } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { compactVerify, importJWK } from 'jose'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { days, hours, minutes } from '#shared/domain/time.ts'
import { readToken } from '#shared/protocol/enrolment.ts'
import { certificateRequest, makeKey } from '../../../agent/identity/certificate-request.ts'
import { type Identity, openIdentity } from '../../../server/identity/identity.ts'
import { openStore, type Store } from '../../../server/store/store.ts'
import { storeUrl, suiteDatabase } from '../../support/database.ts'
import { FakeTime } from '../../support/fake-time.ts'

let dataDir: string
let store: Store
let time: FakeTime
let identity: Identity

const open = (folder = dataDir) => openIdentity({ dataDir: folder, store, time, verbs: ['isolate-host', 'release-host'] })

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'tierline-identity-'))
  store = await openStore(await storeUrl(dataDir))
  time = new FakeTime('2026-11-23T09:00:00Z')
  identity = await open()
})
afterEach(async () => {
  await store.close()
  await rm(dataDir, { recursive: true, force: true })
})

async function requestFor(wanted: { ttlMs?: number } = {}, key = makeKey()) {
  const { token } = await identity.createToken({
    organisationId: 'organisation-1',
    createdBy: 'system',
    collectorUrl: 'https://127.0.0.1:7843',
    ...wanted,
  })
  const read = readToken(token)
  if (!read) throw new TypeError('no token')
  const csr = await certificateRequest(key, 'pc-1')
  return { read, request: { tokenId: read.id, secret: read.secret, csr, hostname: 'pc-1', platform: 'linux' as const } }
}

async function enrolled(): Promise<{ endpointId: string; peer: X509Certificate }> {
  const outcome = await identity.enrol((await requestFor()).request)
  if (outcome.kind === 'refused') throw new Error(outcome.message)
  return { endpointId: outcome.response.endpointId, peer: new X509Certificate(outcome.response.certificate) }
}

describe('enrolment', () => {
  it('gives an endpoint, a client certificate for a year, and the authority that the token pins', async () => {
    const { read, request } = await requestFor()
    const outcome = await identity.enrol(request)
    if (outcome.kind === 'refused') throw new Error(outcome.message)
    const peer = new X509Certificate(outcome.response.certificate)
    expect(peer.checkIssued(new X509Certificate(identity.caPem))).toBe(true)
    expect(Date.parse(peer.validTo)).toBe(time.now() + days(365))
    expect(peer.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2'])
    expect(read.ca).toBe(new X509Certificate(identity.caPem).fingerprint256.replaceAll(':', '').toLowerCase())
    expect(outcome.response.authorities.map(({ kid }) => kid)).toEqual([read.authority])
    expect(await identity.authenticate(peer)).toEqual({
      kind: 'endpoint',
      endpointId: outcome.response.endpointId,
      organisationId: 'organisation-1',
      siteId: null,
    })
  })

  it('takes a token once, also when two come at the same time', async () => {
    const { request } = await requestFor()
    const outcomes = await Promise.all([identity.enrol(request), identity.enrol(request)])
    expect(outcomes.map(({ kind }) => kind).sort()).toEqual(['enrolled', 'refused'])
    expect(await identity.enrol(request)).toMatchObject({ kind: 'refused', code: 'token-used' })
    expect(await store.db.selectFrom('endpoints').select('id').execute()).toHaveLength(1)
  })

  it('lets tokens die in 30 minutes unless made otherwise', async () => {
    const usual = await requestFor()
    const long = await requestFor({ ttlMs: hours(2) })
    await time.advance(minutes(30))
    expect(await identity.enrol(usual.request)).toMatchObject({ code: 'token-expired' })
    expect(await identity.enrol(long.request)).toMatchObject({ kind: 'enrolled' })
  })

  it('answers a wrong secret like a token that never was', async () => {
    const { request } = await requestFor()
    const guessed = await identity.enrol({ ...request, secret: 'a'.repeat(43) })
    expect(guessed).toEqual(await identity.enrol({ ...request, tokenId: 'no-such-token' }))
    expect(guessed).toMatchObject({ code: 'token-unknown' })
    expect(await identity.enrol(request)).toMatchObject({ kind: 'enrolled' })
  })

  it('refuses what is no certificate request, and keeps the token good', async () => {
    const { request } = await requestFor()
    const tampered = request.csr.replace(/[A-Za-z]{4}(?=\n)/, 'AAAA')
    for (const csr of ['hello', tampered]) expect(await identity.enrol({ ...request, csr })).toMatchObject({ code: 'bad-request' })
    expect(await identity.enrol(request)).toMatchObject({ kind: 'enrolled' })
  })
})

describe('who a peer is', () => {
  it('knows nobody without a certificate', async () => {
    expect(await identity.authenticate(undefined)).toMatchObject({ code: 'certificate-missing' })
  })

  it('refuses a certificate of another CA, even one with a serial that it knows', async () => {
    const other = await mkdtemp(join(tmpdir(), 'tierline-identity-'))
    const { endpointId } = await enrolled()
    identity = await open(other)
    const foreign = await enrolled()
    identity = await open()
    await store.db.updateTable('certificates').set({ endpoint_id: endpointId }).execute()
    expect(await identity.authenticate(foreign.peer)).toMatchObject({ code: 'certificate-foreign' })
    await rm(other, { recursive: true })
  })

  it('refuses its own CA and its server certificate as a client', async () => {
    const { certificate } = await identity.serverCertificate(['localhost'])
    for (const pem of [identity.caPem, certificate])
      expect(await identity.authenticate(new X509Certificate(pem))).toMatchObject({ code: 'endpoint-unknown' })
  })

  it('lets an expired one renew, and nothing else, for 180 days', async () => {
    const { endpointId, peer } = await enrolled()
    const csr = await certificateRequest(makeKey(), 'pc-1')
    await time.advance(days(366))
    expect(await identity.authenticate(peer)).toMatchObject({ code: 'certificate-expired' })
    const renewed = await identity.renew(peer, csr)
    if (renewed.kind === 'refused') throw new Error(renewed.message)
    expect(await identity.authenticate(new X509Certificate(renewed.certificate))).toMatchObject({ endpointId })
    await time.advance(days(180))
    expect(await identity.renew(peer, csr)).toMatchObject({ code: 'certificate-expired' })
  })

  it('refuses a revoked endpoint everything, also renewal with a certificate it renewed before', async () => {
    const { endpointId, peer } = await enrolled()
    const csr = await certificateRequest(makeKey(), 'pc-1')
    const renewed = await identity.renew(peer, csr)
    await identity.revoke(endpointId)
    const latest = new X509Certificate(renewed.kind === 'renewed' ? renewed.certificate : '')
    for (const each of [peer, latest]) {
      expect(await identity.authenticate(each)).toMatchObject({ code: 'certificate-revoked' })
      expect(await identity.renew(each, csr)).toMatchObject({ code: 'certificate-revoked' })
    }
  })
})

describe('the collector’s own keys', () => {
  it('lie in a folder and in files that only their owner reads', async () => {
    await identity.serverCertificate(['localhost'])
    const keys = join(dataDir, 'keys')
    expect((await stat(keys)).mode & 0o777).toBe(0o700)
    for (const name of await readdir(keys)) expect((await stat(join(keys, name))).mode & 0o777).toBe(0o600)
  })

  it('are the same after a restart', async () => {
    const again = await open()
    expect([again.caFingerprint, again.authority.kid]).toEqual([identity.caFingerprint, identity.authority.kid])
  })

  it('sign orders that the pinned key verifies', async () => {
    const order = {
      ...{ id: 'command-1', verb: 'isolate-host', args: {}, endpoints: ['endpoint-1'], nonce: 'n'.repeat(16) },
      ...{ issuedAt: 1, expiresAt: 2, requestedBy: 'system', reason: 'a canary' },
    }
    const { kid, key, verbs, sign } = identity.authority
    const { payload, protectedHeader } = await compactVerify(await sign(order), await importJWK(key, 'EdDSA'))
    expect(JSON.parse(new TextDecoder().decode(payload))).toEqual(order)
    expect(protectedHeader).toEqual({ alg: 'EdDSA', typ: 'tierline-command+jws', kid })
    expect(verbs).toEqual([
      'isolate-host',
      'release-host',
      'document:addresses',
      'document:audit-heads',
      'document:authorities',
      'document:policy',
      'document:revocations',
    ])
  })
})

describe('the server certificate', () => {
  const hosts = ['localhost', '127.0.0.1', '::1', 'rmm.example.org']

  it('names every host, by name or by address', async () => {
    const certificate = new X509Certificate((await identity.serverCertificate(hosts)).certificate)
    expect(certificate.subjectAltName).toBe('DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1, DNS:rmm.example.org')
  })

  it('is made anew for a name that it does not bear yet', async () => {
    await identity.serverCertificate(['localhost', '127.0.0.1'])
    const { certificate } = await identity.serverCertificate(['localhost', '127.0.0.1', 'desk.example.org'])
    expect(new X509Certificate(certificate).checkHost('desk.example.org')).toBe('desk.example.org')
  })

  it('stays the same until a host is added or two thirds of its life are over', async () => {
    const first = await identity.serverCertificate(hosts)
    expect(await identity.serverCertificate(hosts.slice(0, 2))).toEqual(first)
    const second = await identity.serverCertificate([...hosts, '192.0.2.7'])
    expect(second.certificate).not.toBe(first.certificate)
    await time.advance(days(244))
    expect((await identity.serverCertificate(hosts)).certificate).not.toBe(second.certificate)
  })
})

it('keeps no secret of a token', async () => {
  const { read } = await requestFor()
  const rows = JSON.stringify(await store.db.selectFrom('enrolment_tokens').selectAll().execute())
  expect(rows).not.toContain(read.secret)
  if (suiteDatabase() === 'sqlite') expect(await readFile(join(dataDir, 'tierline.db'), 'latin1')).not.toContain(read.secret)
})
