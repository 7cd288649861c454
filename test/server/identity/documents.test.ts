import { X509Certificate } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { decodeJwt } from 'jose'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { DocumentFrame } from '#shared/protocol/document.ts'
import addresses from '#shared/protocol/documents/addresses.ts'
import revocations, { maxRevocations } from '#shared/protocol/documents/revocations.ts'
import { readToken } from '#shared/protocol/enrolment.ts'
import { certificateRequest, makeKey } from '../../../agent/identity/certificate-request.ts'
import { type Identity, openIdentity } from '../../../server/identity/identity.ts'
import { revocationOf } from '../../../server/identity/revocations.ts'
import { raiseWithin } from '../../../server/ingest/handled.ts'
import { openStore, type Store } from '../../../server/store/store.ts'
import { storeUrl } from '../../support/database.ts'
import { altered, listOf, testSigner } from '../../support/documents.ts'
import { FakeTime } from '../../support/fake-time.ts'

let dataDir: string
let store: Store
let time: FakeTime
let identity: Identity

const log = pino({ level: 'silent' })
const open = () => openIdentity({ dataDir, store, time, verbs: ['isolate-host'], log, raiseWithin })
const home = 'https://rmm.example.org:7843'
const nothing = { addresses: 0, revocations: 0 }

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'tierline-documents-'))
  store = await openStore(await storeUrl(dataDir))
  time = new FakeTime('2026-11-23T09:00:00Z')
  identity = await open()
  const organisation = { id: 'organisation-1', name: 'One', mode: 'live', plan: 'standard', time_zone: 'UTC', created_at: 1 } as const
  await store.db.insertInto('organisations').values(organisation).execute()
})
afterEach(async () => {
  await store.close()
  await rm(dataDir, { recursive: true, force: true })
})

const move = (...collectors: string[]) => identity.documents.issue(addresses, () => listOf(...collectors))
const troubles = () => store.db.selectFrom('signals').select(['kind', 'summary', 'facts']).orderBy('arrival').execute()

async function enrolled(): Promise<{ endpointId: string; peer: X509Certificate }> {
  const wanted = { organisationId: 'organisation-1', createdBy: 'system', collectorUrl: 'https://127.0.0.1:7843' }
  const token = readToken((await identity.createToken(wanted)).token)
  if (!token) throw new TypeError('no token')
  const csr = await certificateRequest(makeKey(), 'pc-1')
  const outcome = await identity.enrol({ tokenId: token.id, secret: token.secret, csr, hostname: 'pc-1', platform: 'linux' })
  if (outcome.kind === 'refused') throw new Error(outcome.message)
  return { endpointId: outcome.response.endpointId, peer: new X509Certificate(outcome.response.certificate) }
}

/** What an agent keeps, and would hand back. */
function newest(name: string): DocumentFrame {
  const frame = identity.documents.newerThan(nothing).find((each) => each.name === name)
  if (!frame) throw new Error(`no ${name} was issued`)
  return frame
}

/** As a backup made now would bring it back. */
async function backUp(): Promise<() => Promise<void>> {
  const tables = ['documents', 'endpoints', 'certificates'] as const
  const rows = await Promise.all(tables.map(async (table) => ({ table, rows: await store.db.selectFrom(table).selectAll().execute() })))
  return async () => {
    for (const table of tables.toReversed()) await store.db.deleteFrom(table).execute()
    for (const { table, rows: kept } of rows) if (kept.length > 0) await store.db.insertInto(table).values(kept).execute()
    identity = await open()
  }
}

describe('issuing', () => {
  it('numbers what it signs, one higher each time, over a restart too', async () => {
    expect([identity.documents.numbers(), identity.documents.newerThan(nothing)]).toEqual([nothing, []])
    await move(home)
    await move(home, 'https://192.0.2.7')
    identity = await open()
    await move('https://192.0.2.7')
    expect(identity.documents.numbers()).toEqual({ addresses: 3, revocations: 0 })
    expect(decodeJwt(newest('addresses').jws)).toEqual({
      ...{ v: 1, name: 'addresses', number: 3, issuedAt: time.now() },
      content: listOf('https://192.0.2.7'),
    })
  })

  it('gives each what it lacks, and nothing that it didn’t name', async () => {
    await move(home)
    const { documents } = identity
    expect(documents.newerThan({ addresses: 0 })).toHaveLength(1)
    expect(documents.newerThan({ addresses: 1 })).toEqual([])
    expect(documents.newerThan({ revocations: 0, policies: 0 })).toEqual([])
  })

  it('gives one number to one of two processes that sign at once', async () => {
    const other = await open()
    const both = [identity, other].map(({ documents }, index) => documents.issue(addresses, () => listOf(`https://${index}.example.org`)))
    await Promise.all(both)
    await Promise.all([identity, other].map(({ documents }) => documents.refresh()))
    expect([identity.documents.numbers().addresses, other.documents.numbers().addresses]).toEqual([2, 2])
    expect(identity.documents.content(addresses)).toEqual(other.documents.content(addresses))
  })

  it('is seen by a collector that runs beside it, and said to whoever listens', async () => {
    let changes = 0
    const running = await open()
    running.documents.onChanged(() => {
      changes += 1
    })
    const stop = running.watchDocuments()
    await time.advance(10)
    expect(changes).toBe(0)
    await move(home)
    const seen = async () => {
      await time.advance(3_000)
      return running.documents.content(addresses)
    }
    await expect.poll(seen).toEqual(listOf(home))
    expect(changes).toBe(1)
    await stop()
  })

  it('makes the server certificate bear every host of the list', async () => {
    const before = new X509Certificate((await identity.serverCertificate(['localhost'])).certificate)
    expect(before.checkHost('rmm.example.org')).toBeUndefined()
    await move(home, 'https://[2001:db8::7]:7843', 'https://192.0.2.7')
    const { certificate } = await identity.serverCertificate(['localhost'])
    const after = new X509Certificate(certificate)
    expect([after.checkHost('rmm.example.org'), after.checkIP('192.0.2.7'), after.checkHost('localhost')]).toEqual([
      ...['rmm.example.org', '192.0.2.7', 'localhost'],
    ])
    expect(after.checkIP('2001:db8::7')).toBeDefined()
    expect((await identity.serverCertificate(['localhost'])).certificate).toBe(certificate)
  })
})

describe('a row that our key did not sign', () => {
  it('counts for nothing, and the next one signed is higher', async () => {
    const stranger = await testSigner()
    const { jws } = await stranger.frame('addresses', 40, listOf('https://away.example.net'))
    await store.db.insertInto('documents').values({ name: 'addresses', number: 40, issued_at: 1, jws }).execute()
    identity = await open()
    expect([identity.documents.content(addresses), identity.documents.numbers()]).toEqual([undefined, nothing])
    await move(home)
    expect(identity.documents.numbers().addresses).toBe(41)
  })
})

describe('revocations', () => {
  it('list whoever is revoked, as a hash and not as an id', async () => {
    const [one, two] = [await enrolled(), await enrolled()]
    await identity.revoke(one.endpointId)
    await identity.revoke(two.endpointId)
    expect(identity.documents.content(revocations)).toEqual({ endpoints: [revocationOf(one.endpointId), revocationOf(two.endpointId)] })
    expect(identity.documents.numbers().revocations).toBe(2)
    expect(Buffer.from(newest('revocations').jws.split('.')[1] ?? '', 'base64url').toString()).not.toContain(one.endpointId)
    expect([identity.isRevoked(one.endpointId), identity.isRevoked('somebody else')]).toEqual([true, false])
  })

  it('are one list more when several are revoked at once', async () => {
    const all = await Promise.all(Array.from({ length: 5 }, enrolled))
    await Promise.all(all.map(({ endpointId }) => identity.revoke(endpointId)))
    expect(identity.documents.content(revocations)?.endpoints.sort()).toEqual(all.map(({ endpointId }) => revocationOf(endpointId)).sort())
  })

  it('are listed later when a crash, or another version, kept them from it', async () => {
    const { endpointId } = await enrolled()
    await store.db.updateTable('endpoints').set({ removed_at: 1 }).execute()
    const stop = identity.watchDocuments()
    await time.advance(10)
    await expect.poll(() => identity.isRevoked(endpointId)).toBe(true)
    await time.advance(60_000)
    expect(identity.documents.numbers().revocations).toBe(1)
    await stop()
  })

  it('are the newest thousand; the database knows the others', async () => {
    const many = Array.from({ length: maxRevocations + 20 }, (_, index) => `endpoint-${String(index).padStart(6, '0')}`)
    const row = { organisation_id: 'organisation-1', site_id: null, hostname: 'pc', platform: 'linux', confirmed_role: null } as const
    const rows = many.map((id, index) => ({ ...row, id, enrolled_at: 1, removed_at: index + 1 }))
    for (let at = 0; at < rows.length; at += 500)
      await store.db
        .insertInto('endpoints')
        .values(rows.slice(at, at + 500))
        .execute()
    const last = await enrolled()
    await identity.revoke(last.endpointId)
    const listed = identity.documents.content(revocations)?.endpoints ?? []
    expect([listed.length, listed.at(-1), identity.isRevoked(many[20] ?? ''), identity.isRevoked(many[21] ?? '')]).toEqual([
      ...[maxRevocations, revocationOf(last.endpointId), false, true],
    ])
    expect(newest('revocations').jws.length).toBeLessThan(30_000)
  })
})

describe('what agents hand back', () => {
  it('is adopted by a collector that was set back, once, and is one trouble of its own', async () => {
    await move(home)
    const restore = await backUp()
    await move('https://new.example.org')
    const frame = newest('addresses')
    await restore()
    expect(identity.documents.content(addresses)).toEqual(listOf(home))
    const answers = await Promise.all(Array.from({ length: 5 }, () => identity.documents.handBack(frame)))
    expect(answers.map(({ kind }) => kind)).toEqual(['adopted', ...Array.from({ length: 4 }, () => 'passed')])
    expect(identity.documents.content(addresses)).toEqual(listOf('https://new.example.org'))
    expect(await troubles()).toMatchObject([
      { kind: 'system.documents.handed-back', summary: expect.stringContaining('addresses 2, here it was 1') },
    ])
    identity = await open()
    expect(identity.documents.numbers().addresses).toBe(2)
  })

  it('revokes again who was revoked after the backup, and goes on with a list that names everybody', async () => {
    const [gone, stays, later] = [await enrolled(), await enrolled(), await enrolled()]
    const restore = await backUp()
    await identity.revoke(gone.endpointId)
    const frame = newest('revocations')
    await restore()
    expect(await identity.authenticate(gone.peer)).toMatchObject({ endpointId: gone.endpointId })

    expect(await identity.documents.handBack(frame)).toEqual({ kind: 'adopted', revoked: [gone.endpointId] })
    expect(await identity.authenticate(gone.peer)).toMatchObject({ code: 'certificate-revoked' })
    expect(await identity.authenticate(stays.peer)).toMatchObject({ endpointId: stays.endpointId })
    expect(await troubles()).toMatchObject([{ facts: expect.stringContaining(gone.endpointId) }])

    await identity.revoke(later.endpointId)
    expect(identity.documents.numbers().revocations).toBe(2)
    expect([gone, stays, later].map(({ endpointId }) => identity.isRevoked(endpointId))).toEqual([true, false, true])
  })

  it('joins what was revoked here since, so that neither is forgotten', async () => {
    const [before, since] = [await enrolled(), await enrolled()]
    const restore = await backUp()
    await identity.revoke(before.endpointId)
    await identity.revoke(before.endpointId)
    await move(home)
    const frame = newest('revocations')
    await restore()
    await store.db.updateTable('endpoints').set({ removed_at: time.now() }).where('id', '=', since.endpointId).execute()
    await identity.documents.handBack(frame)
    const stop = identity.watchDocuments()
    await time.advance(10)
    await expect.poll(() => identity.isRevoked(since.endpointId)).toBe(true)
    expect([identity.isRevoked(before.endpointId), identity.documents.numbers().revocations]).toEqual([true, 2])
    await stop()
  })

  it('shuts out who was enrolled and revoked after the backup, though this database never knew them', async () => {
    const restore = await backUp()
    const unknown = await enrolled()
    await identity.revoke(unknown.endpointId)
    const frame = newest('revocations')
    await restore()
    expect(await identity.authenticate(unknown.peer)).toMatchObject({ code: 'endpoint-unknown' })
    await identity.documents.handBack(frame)
    expect(await identity.authenticate(unknown.peer)).toMatchObject({ code: 'certificate-revoked' })
    expect(await identity.renew(unknown.peer, 'whatever')).toMatchObject({ code: 'certificate-revoked' })
  })

  it('is passed when it is old, of another name, or when too many wait', async () => {
    await move(home)
    const old = newest('addresses')
    await move('https://new.example.org')
    const passed = { kind: 'passed' }
    expect(await identity.documents.handBack(old)).toEqual(passed)
    expect(await identity.documents.handBack({ ...old, name: 'policies', number: 9 })).toEqual(passed)
    const junk = Array.from({ length: 50 }, (_, index) => identity.documents.handBack({ ...old, number: 100 + index, jws: 'junk' }))
    const kinds = (await Promise.all(junk)).map(({ kind }) => kind)
    expect([kinds.filter((kind) => kind === 'forged').length, kinds.filter((kind) => kind === 'passed').length]).toEqual([20, 30])
    expect(identity.documents.content(addresses)).toEqual(listOf('https://new.example.org'))
  })

  it('is turned away when our key did not sign it, or not so', async () => {
    await move(home)
    const own = newest('addresses')
    const stranger = await testSigner()
    const { kid } = identity.authority
    const forgeries = [
      await stranger.frame('addresses', 9, listOf('https://away.example.net')),
      await stranger.frame('addresses', 9, listOf('https://away.example.net'), { kid }),
      { ...altered(own), number: 9 },
      { ...own, number: 9 },
      { ...own, number: 9, jws: 'A'.repeat(70_000) },
      { ...own, number: 9, jws: await identity.authority.sign(orderLike(own)) },
    ]
    for (const forgery of forgeries) expect(await identity.documents.handBack(forgery)).toMatchObject({ kind: 'forged' })
    expect([identity.documents.content(addresses), await troubles()]).toEqual([listOf(home), []])
  })

  it('is not adopted when the news of it could not be kept', async () => {
    await move(home)
    const restore = await backUp()
    await move('https://new.example.org')
    const frame = newest('addresses')
    await restore()
    identity = await openIdentity({ dataDir, store, time, verbs: [], log, raiseWithin: () => Promise.reject(new Error('disk full')) })
    await expect(identity.documents.handBack(frame)).rejects.toThrow('disk full')
    identity = await open()
    expect(identity.documents.content(addresses)).toEqual(listOf(home))
    expect(await identity.documents.handBack(frame)).toMatchObject({ kind: 'adopted' })
  })
})

/** An order whose content would be a fine document. */
function orderLike({ name }: DocumentFrame) {
  const document = { v: 1, name, number: 9, issuedAt: 1, content: listOf('https://away.example.net') }
  const order = { id: 'command-1', verb: 'isolate-host', args: {}, endpoints: ['endpoint-1'], nonce: 'n'.repeat(20) }
  return { ...document, ...order, issuedAt: 1, expiresAt: 2, requestedBy: 'system', reason: '' }
}
