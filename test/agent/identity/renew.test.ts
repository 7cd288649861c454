import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { expect, it, onTestFinished } from 'vitest'
import { days } from '#shared/domain/time.ts'
import { validityOf } from '../../../agent/identity/certificate.ts'
import { certificateRequest, makeKey } from '../../../agent/identity/certificate-request.ts'
import { readIdentity, storeIdentity } from '../../../agent/identity/files.ts'
import { type Identity, openIdentity } from '../../../agent/identity/identity.ts'
import { FakeTime } from '../../support/fake-time.ts'
import { type Answer, type PaperCollector, startPaperCollector } from './paper-collector.ts'

interface Renewing {
  collector: PaperCollector
  identity: Identity
  dataDir: string
  time: FakeTime
}

/** An enrolled agent whose certificate lives from now for `lifeMs`, and a collector that renews for another 90 days. */
async function enrolledFor(lifeMs: number, answer?: Answer): Promise<Renewing> {
  const startsAt = Date.now()
  const collector = await startPaperCollector({
    'POST /renew': async (body) => {
      const life = { from: new Date(startsAt), to: new Date(startsAt + days(90)) }
      return answer ?? { status: 200, body: { certificate: await collector.authority.forRequest((body as { csr: string }).csr, life) } }
    },
  })
  const dataDir = mkdtempSync(join(tmpdir(), 'tierline-renew-'))
  const key = makeKey()
  const life = { from: new Date(startsAt), to: new Date(startsAt + lifeMs) }
  const certificate = await collector.authority.forRequest(await certificateRequest(key, 'pc-1'), life)
  const authorities = [{ kid: 'x'.repeat(43), key: { kty: 'OKP' as const, crv: 'Ed25519' as const, x: 'x' }, verbs: ['*'] }]
  const pinned = { collector: collector.url, endpointId: 'endpoint-1', organisationId: 'organisation-1', authorities }
  await storeIdentity(dataDir, pinned, { key, certificate, ca: collector.authority.pem })
  const time = new FakeTime(startsAt)
  const identity = await openIdentity({ dataDir, time, log: pino({ level: 'silent' }) })
  onTestFinished(() => identity.stop())
  return { collector, identity, dataDir, time }
}

const untilOf = (dataDir: string): number => validityOf(readIdentity(dataDir).credentials.certificate).to

it('renews at two thirds of its life and not before, keeping its key', async () => {
  const { collector, identity, dataDir, time } = await enrolledFor(days(30))
  const { key } = readIdentity(dataDir).credentials
  const first = untilOf(dataDir)
  await time.advance(days(19.9))
  expect(collector.requests).toEqual([])
  await time.advance(days(0.2))
  await expect.poll(() => untilOf(dataDir)).toBeGreaterThan(first)
  expect(readIdentity(dataDir).credentials.key).toBe(key)
  await expect.poll(async () => validityOf((await identity.credentials()).certificate).to).toBe(untilOf(dataDir))
})

it('renews an expired certificate before it is used, with that certificate', async () => {
  const { collector, identity, time } = await enrolledFor(days(1))
  time.jump(days(3))
  const { certificate } = await identity.credentials()
  expect(validityOf(certificate).to).toBeGreaterThan(time.now())
  expect(collector.requests).toHaveLength(1)
  expect(collector.requests[0]?.peer).toBeDefined()
})

it('asks once when two want it at the same time', async () => {
  const { collector, identity } = await enrolledFor(days(30))
  await Promise.all([identity.credentials(true), identity.credentials(true)])
  expect(collector.requests).toHaveLength(1)
})

it('keeps what it has when the collector refuses, and says with which code', async () => {
  const refusal = { status: 403, body: { code: 'certificate-revoked', message: 'this endpoint was removed' } }
  const { identity, dataDir } = await enrolledFor(days(30), refusal)
  const before = readIdentity(dataDir).credentials.certificate
  await expect(identity.credentials(true)).rejects.toMatchObject({ code: 'certificate-revoked', isRetryable: false })
  expect(readIdentity(dataDir).credentials.certificate).toBe(before)
})

it('tries again when a renewal failed', async () => {
  const { collector, time } = await enrolledFor(days(30), { status: 500, body: {} })
  await time.advance(days(20.1))
  await expect.poll(() => collector.requests.length).toBeGreaterThan(0)
  const count = collector.requests.length
  await expect
    .poll(async () => {
      await time.advance(3_600_000)
      return collector.requests.length
    })
    .toBeGreaterThan(count)
})
