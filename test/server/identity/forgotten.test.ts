import { X509Certificate } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { days, hours, minutes } from '#shared/domain/time.ts'
import { readToken } from '#shared/protocol/enrolment.ts'
import { certificateRequest, makeKey } from '../../../agent/identity/certificate-request.ts'
import { type Identity, openIdentity } from '../../../server/identity/identity.ts'
import { raiseWithin } from '../../../server/ingest/handled.ts'
import { openStore, type Store } from '../../../server/store/store.ts'
import { storeUrl } from '../../support/database.ts'
import { FakeTime } from '../../support/fake-time.ts'

let dataDir: string
let store: Store
let time: FakeTime
let identity: Identity
let madeAt: number

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'tierline-identity-'))
  store = await openStore(await storeUrl(dataDir))
  time = new FakeTime('2026-11-23T09:00:00Z')
  identity = await openIdentity({ dataDir, store, time, verbs: [], raiseWithin })
  const organisation = { name: 'acme', mode: 'live', plan: 'standard', time_zone: 'UTC', created_at: 1 } as const
  await store.db
    .insertInto('organisations')
    .values({ ...organisation, id: 'acme' })
    .execute()
  madeAt = time.now()
  time.jump(days(3))
})
afterEach(async () => {
  await store.close()
  await rm(dataDir, { recursive: true, force: true })
})

async function enrolled(hostname = 'pc-1'): Promise<{ endpointId: string; peer: X509Certificate }> {
  const { token } = await identity.createToken({ organisationId: 'acme', createdBy: 'system', collectorUrl: 'https://127.0.0.1:7843' })
  const read = readToken(token)
  if (!read) throw new TypeError('no token')
  const csr = await certificateRequest(makeKey(), hostname)
  const outcome = await identity.enrol({ tokenId: read.id, secret: read.secret, csr, hostname, platform: 'linux' })
  if (outcome.kind === 'refused') throw new Error(outcome.message)
  return { endpointId: outcome.response.endpointId, peer: new X509Certificate(outcome.response.certificate) }
}

/** The database is of `madeAt` again, so it has forgotten all that is newer. */
async function restore(): Promise<void> {
  time.jump(hours(1))
  await store.db.deleteFrom('certificates').where('issued_at', '>', madeAt).execute()
  await store.db.deleteFrom('endpoints').where('enrolled_at', '>', madeAt).execute()
  await store.db.insertInto('restores').values({ restored_at: time.now(), made_at: madeAt, program: '0.1.0', started_at: null }).execute()
  time.jump(minutes(10))
}

const signals = () => store.db.selectFrom('signals').select(['kind', 'summary', 'facts']).execute()
const caller = { address: '192.0.2.7', userAgent: 'tierline-agent (darwin; b%C3%BCro-7)' }

describe('a certificate that was renewed after the backup', () => {
  async function renewed(): Promise<{ endpointId: string; peer: X509Certificate }> {
    time.jump(-days(3))
    const { endpointId, peer } = await enrolled()
    await store.db
      .updateTable('endpoints')
      .set({ enrolled_at: madeAt - 1 })
      .execute()
    await store.db
      .updateTable('certificates')
      .set({ issued_at: madeAt - 1 })
      .execute()
    time.jump(days(3))
    const outcome = await identity.renew(peer, await certificateRequest(makeKey(), 'pc-1'))
    if (outcome.kind === 'refused') throw new Error(outcome.message)
    return { endpointId, peer: new X509Certificate(outcome.certificate) }
  }

  it('is its endpoint’s, and remembered again', async () => {
    const { endpointId, peer } = await renewed()
    await restore()
    expect(await identity.authenticate(peer, caller)).toMatchObject({ kind: 'endpoint', endpointId, organisationId: 'acme' })
    const rows = await store.db.selectFrom('certificates').select('serial').where('endpoint_id', '=', endpointId).execute()
    expect(rows.map(({ serial }) => serial)).toContain(peer.serialNumber.toLowerCase())
    expect(await signals()).toEqual([])
    await identity.revoke(endpointId)
    expect(await identity.authenticate(peer, caller)).toMatchObject({ kind: 'refused', code: 'certificate-revoked' })
  })

  it('opens nothing for an endpoint that was removed', async () => {
    const { endpointId, peer } = await renewed()
    await restore()
    await store.db.updateTable('endpoints').set({ removed_at: 1 }).where('id', '=', endpointId).execute()
    expect(await identity.authenticate(peer, caller)).toMatchObject({ kind: 'refused', code: 'certificate-revoked' })
  })

  it('opens nothing where no restore explains that it is unknown', async () => {
    const { peer } = await renewed()
    await store.db.deleteFrom('certificates').where('issued_at', '>', madeAt).execute()
    expect(await identity.authenticate(peer, caller)).toMatchObject({ kind: 'refused', code: 'endpoint-unknown' })
  })
})

describe('an endpoint that was enrolled after the backup', () => {
  it('is refused with a sentence, and people get one ticket with what it shows', async () => {
    const { endpointId, peer } = await enrolled()
    const other = await enrolled('pc-2')
    await restore()
    const refusal = await identity.authenticate(peer, caller)
    expect(refusal).toMatchObject({
      kind: 'refused',
      code: 'endpoint-forgotten',
      message: expect.stringContaining(new Date(madeAt).toISOString()),
    })
    await identity.authenticate(peer, caller)
    await identity.authenticate(other.peer)
    const said = await signals()
    expect(said.map(({ kind }) => kind)).toEqual(['system.endpoint.forgotten', 'system.endpoint.forgotten'])
    const serial = peer.serialNumber.toLowerCase()
    expect(said[0]?.summary).toContain(`büro-7) shows a certificate of this collector that its backup does not know (serial ${serial})`)
    expect(JSON.parse(said[0]?.facts ?? '')).toEqual({ endpoint: endpointId, serial, hostname: 'büro-7', address: caller.address })
  })

  it('comes in again where a person places it, and its word is awaited', async () => {
    const { endpointId, peer } = await enrolled()
    await restore()
    await identity.authenticate(peer, caller)
    expect(await identity.adopt(endpointId, { organisationId: 'acme', siteId: null })).toBe('adopted')
    expect(await identity.authenticate(peer, caller)).toMatchObject({ kind: 'endpoint', endpointId, organisationId: 'acme' })
    expect(await store.db.selectFrom('endpoints').selectAll().execute()).toMatchObject([
      { id: endpointId, hostname: 'büro-7', platform: 'macos', word_awaited_since: time.now() },
    ])
    expect(await identity.adopt(endpointId, { organisationId: 'acme', siteId: null })).toBe('unknown')
  })

  it('does not come in by any certificate of ours that is no agent’s, nor by one of before the backup', async () => {
    const server = new X509Certificate((await identity.serverCertificate(['127.0.0.1'])).certificate)
    const { peer } = await enrolled()
    await restore()
    expect(await identity.authenticate(server, caller)).toMatchObject({ code: 'endpoint-unknown' })
    await store.db
      .updateTable('restores')
      .set({ made_at: time.now() + days(9), restored_at: time.now() + days(9) })
      .execute()
    expect(await identity.authenticate(peer, caller)).toMatchObject({ code: 'endpoint-unknown' })
    expect(await store.db.selectFrom('forgotten_endpoints').selectAll().execute()).toEqual([])
  })

  it.each([
    ['nothing', ''],
    ['another program', 'curl/8'],
    ['a broken name', 'tierline-agent (linux; %zz)'],
    ['a very long name', `tierline-agent (linux; ${'x'.repeat(7_000)})`],
  ])('takes any words of it: %s', async (_what, userAgent) => {
    const { peer } = await enrolled()
    await restore()
    expect(await identity.authenticate(peer, { address: '192.0.2.7', userAgent })).toMatchObject({ code: 'endpoint-forgotten' })
    expect((await signals())[0]?.summary.length).toBeLessThanOrEqual(500)
  })
})
