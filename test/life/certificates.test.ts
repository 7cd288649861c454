import 'reflect-metadata'
import { randomBytes, X509Certificate } from 'node:crypto'
import { connect } from 'node:tls'
import * as x509 from '@peculiar/x509'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { days } from '#shared/domain/time.ts'
import { CloseCode } from '#shared/protocol/close-codes.ts'
import { certificateRequest, makeKey } from '../../agent/identity/certificate-request.ts'
import { startTestCollector, type TestCollector } from '../support/collector.ts'
import { type Credentials, connectRaw, dialRaw, enrolmentOf, enrolRaw, exchange, rawSignal, signalRecord } from '../support/raw-agent.ts'
import { shiftedTime } from '../support/shifted-time.ts'

/*
 * Who may pass the agents' port. The server takes every handshake and says no before the upgrade, with a code that an
 * agent can print; without a certificate of ours nothing but enrolment is there.
 */

const time = shiftedTime()
let collector: TestCollector
let who: Credentials

beforeAll(async () => {
  collector = await startTestCollector({ time })
  who = await enrolRaw(await collector.token())
})
afterAll(() => collector[Symbol.asyncDispose]())

const refusedWith = (code: string) => ({ kind: 'refused', status: 403, body: { code, message: expect.stringMatching(/^[a-z].{10,}/) } })

async function greedyRequest(commonName: string): Promise<{ csr: string; key: string }> {
  const signingAlgorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
  const keys = await crypto.subtle.generateKey(signingAlgorithm, true, ['sign', 'verify'])
  if (!('privateKey' in keys)) throw new TypeError('ECDSA makes a pair of keys')
  const extensions = [
    new x509.BasicConstraintsExtension(true, 2, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
    new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
    new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: 'localhost' }]),
  ]
  const csr = await x509.Pkcs10CertificateRequestGenerator.create({ name: `CN=${commonName}`, keys, signingAlgorithm, extensions })
  const key = x509.PemConverter.encode(await crypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY')
  return { csr: csr.toString('pem'), key }
}

describe('the upgrade', () => {
  it('takes a known certificate', async () => {
    const agent = await connectRaw(who)
    await agent.leave()
  })

  it('refuses nobody', async () => {
    expect(await dialRaw({ url: who.url })).toEqual(refusedWith('certificate-missing'))
  })

  it('refuses a certificate from another CA, also an expired one, which must not look like one of ours that expired', async () => {
    await using other = await startTestCollector({ time })
    const stranger = await enrolRaw(await other.token())
    expect(await dialRaw({ ...stranger, url: who.url })).toEqual(refusedWith('certificate-foreign'))
    time.shift(days(400))
    expect(await dialRaw({ ...stranger, url: who.url })).toEqual(refusedWith('certificate-foreign'))
    time.shift(-days(400))
  })

  it('needs our subprotocol and the right path', async () => {
    expect(await dialRaw(who, '/agent', 'other.v1')).toMatchObject({ status: 426, body: { code: 'unsupported-version' } })
    expect(await dialRaw(who, '/console')).toMatchObject({ status: 404 })
  })
})

describe('what a stranger reaches', () => {
  it('is the CA and enrolment, and nothing else', async () => {
    expect(await exchange(`${who.url}/ca`)).toEqual({ status: 200, body: { certificate: collector.identity.caPem } })
    for (const path of ['/', '/agent', '/api/tickets', '/enrol', '/keys/ca.key.pem', '/../keys/ca.key.pem']) {
      expect(await exchange(`${who.url}${path}`)).toMatchObject({ status: 404 })
    }
  })

  it('is spoken in TLS 1.3 only', async () => {
    const { hostname, port } = new URL(who.url)
    const old = connect({ host: hostname, port: Number(port), maxVersion: 'TLSv1.2', rejectUnauthorized: false })
    const outcome = await new Promise((resolve) =>
      old.once('secureConnect', () => resolve('spoke')).once('error', () => resolve('refused')),
    )
    expect(outcome).toBe('refused')
  })

  it('is verifiable against the CA that the token names', async () => {
    const { hostname, port } = new URL(who.url)
    const socket = connect({ host: hostname, port: Number(port), ca: who.ca, minVersion: 'TLSv1.3' })
    await new Promise((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject))
    expect(socket.authorized).toBe(true)
    socket.destroy()
  })
})

describe('a token', () => {
  it('works once', async () => {
    const token = await collector.token()
    await enrolRaw(token)
    await expect(enrolRaw(token)).rejects.toThrow(/"status":403.*token-used/)
  })

  it('dies when its time is over', async () => {
    const token = await collector.token({ ttlMs: 1 })
    await expect(enrolRaw(token)).rejects.toThrow(/"status":403.*token-expired/)
  })

  it('names the field of a bad request', async () => {
    const { url, request } = await enrolmentOf(await collector.token(), makeKey())
    const answer = await exchange(`${url}/enrol`, { method: 'POST', body: { ...request, platform: 'plan9' } })
    expect(answer).toMatchObject({ status: 400, body: { code: 'bad-request', message: expect.stringMatching(/^platform: /) } })
    expect(await exchange(`${url}/enrol`, { method: 'POST', body: randomBytes(40_000).toString('hex') })).toMatchObject({ status: 400 })
  })

  it('gives nothing of what its request claims to be: another machine, an authority, a server', async () => {
    const greedy = await greedyRequest(who.endpointId)
    const { url, request } = await enrolmentOf(await collector.token(), makeKey())
    const { body } = await exchange(`${url}/enrol`, { method: 'POST', body: { ...request, csr: greedy.csr } })
    const own = { key: greedy.key, cert: String(body.certificate) }
    const renewal = await exchange(`${url}/renew`, { method: 'POST', tls: own, body: { csr: greedy.csr, endpointId: who.endpointId } })
    for (const pem of [own.cert, String(renewal.body.certificate)]) {
      const { subject, ca, subjectAltName, keyUsage } = new X509Certificate(pem)
      const clientAuth = '1.3.6.1.5.5.7.3.2'
      expect([subject, ca, subjectAltName, keyUsage]).toEqual([`CN=${body.endpointId}`, false, undefined, [clientAuth]])
    }
    expect(body.endpointId).not.toBe(who.endpointId)
  })

  it('is not to be guessed: an address that fails too often waits', async () => {
    await using other = await startTestCollector()
    const { url, request } = await enrolmentOf(await other.token(), makeKey())
    const guess = { method: 'POST', body: { ...request, secret: 'x'.repeat(43) } }
    const codes: unknown[] = []
    for (let count = 0; count < 21; count += 1) codes.push((await exchange(`${url}/enrol`, guess)).body.code)
    expect(codes.slice(0, 20)).toEqual(Array(20).fill('token-unknown'))
    expect(codes[20]).toBe('too-many')
  })
})

describe('a lapsed certificate', () => {
  it('opens only the renewal exchange, and then everything again', async () => {
    const tls = { key: who.key, cert: who.certificate }
    const body = { csr: await certificateRequest(who.key, 'raw-1') }
    time.shift(days(366))
    expect(await dialRaw(who)).toEqual(refusedWith('certificate-expired'))
    const renewed = await exchange(`${who.url}/renew`, { method: 'POST', body, tls })
    expect(renewed.status).toBe(200)
    const agent = await connectRaw({ ...who, certificate: String(renewed.body.certificate) })
    await agent.leave()
    expect(await exchange(`${who.url}/renew`, { method: 'POST', body })).toMatchObject({
      status: 403,
      body: { code: 'certificate-missing' },
    })
    time.shift(-days(366))
  })
})

describe('a revoked certificate', () => {
  it('ends its live socket within a second, and lets nothing more in', async () => {
    const revoked = await enrolRaw(await collector.token())
    const live = await connectRaw(revoked)
    const before = performance.now()
    await collector.identity.revoke(revoked.endpointId)
    collector.wire.disconnect(revoked.endpointId, CloseCode.Revoked, 'this endpoint was removed')
    live.records('signals', 1, signalRecord(rawSignal()))
    expect(await live.closed).toEqual({ code: CloseCode.Revoked, reason: 'this endpoint was removed' })
    expect(performance.now() - before).toBeLessThan(1_000)
    expect(await dialRaw(revoked)).toEqual(refusedWith('certificate-revoked'))
    const body = { csr: await certificateRequest(revoked.key, 'raw-1') }
    const answer = await exchange(`${revoked.url}/renew`, { method: 'POST', body, tls: { key: revoked.key, cert: revoked.certificate } })
    expect(answer).toMatchObject({ status: 403, body: { code: 'certificate-revoked' } })
    const stored = collector.store.db.selectFrom('signals').select('id').where('endpoint_id', '=', revoked.endpointId)
    expect(await stored.execute()).toEqual([])
  })
})
