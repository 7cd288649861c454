import { X509Certificate } from 'node:crypto'
import { decodeJwt } from 'jose'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import addresses from '#shared/protocol/documents/addresses.ts'
import revocations, { maxRevocations } from '#shared/protocol/documents/revocations.ts'
import { revocationOf } from '../../../server/identity/revocations.ts'
import { listOf, testSigner } from '../../support/documents.ts'
import { home, nothing, openSigningRoom, type SigningRoom } from './signing-room.ts'

let room: SigningRoom
beforeEach(async () => {
  room = await openSigningRoom()
})
afterEach(() => room.close())

describe('issuing', () => {
  it('numbers what it signs, one higher each time, over a restart too', async () => {
    expect([room.identity.documents.numbers(), room.identity.documents.newerThan(nothing)]).toEqual([nothing, []])
    await room.move(home)
    await room.move(home, 'https://192.0.2.7')
    await room.reopen()
    await room.move('https://192.0.2.7')
    expect(room.identity.documents.numbers()).toEqual({ addresses: 3, 'audit-heads': 0, authorities: 0, operators: 0, revocations: 0 })
    expect(decodeJwt(room.newest('addresses').jws)).toEqual({
      ...{ v: 1, name: 'addresses', number: 3, issuedAt: room.time.now() },
      content: listOf('https://192.0.2.7'),
    })
  })

  it('gives each what it lacks, and nothing that it didn’t name', async () => {
    await room.move(home)
    const { documents } = room.identity
    expect(documents.newerThan({ addresses: 0 })).toHaveLength(1)
    expect(documents.newerThan({ addresses: 1 })).toEqual([])
    expect(documents.newerThan({ revocations: 0, policies: 0 })).toEqual([])
  })

  it('gives one number to one of two processes that sign at once', async () => {
    const other = await room.open()
    const both = [room.identity, other].map(({ documents }, index) =>
      documents.issue(addresses, () => listOf(`https://${index}.example.org`)),
    )
    await Promise.all(both)
    await Promise.all([room.identity, other].map(({ documents }) => documents.refresh()))
    expect([room.identity.documents.numbers().addresses, other.documents.numbers().addresses]).toEqual([2, 2])
    expect(room.identity.documents.content(addresses)).toEqual(other.documents.content(addresses))
  })

  it('is seen by a collector that runs beside it, and said to whoever listens', async () => {
    let changes = 0
    const running = await room.open()
    running.documents.onChanged(() => {
      changes += 1
    })
    const stop = running.watchDocuments()
    await room.time.advance(10)
    expect(changes).toBe(0)
    await room.move(home)
    const seen = async () => {
      await room.time.advance(3_000)
      return running.documents.content(addresses)
    }
    await expect.poll(seen).toEqual(listOf(home))
    expect(changes).toBe(1)
    await stop()
  })

  it('makes the server certificate bear every host of the list', async () => {
    const before = new X509Certificate((await room.identity.serverCertificate(['localhost'])).certificate)
    expect(before.checkHost('rmm.example.org')).toBeUndefined()
    await room.move(home, 'https://[2001:db8::7]:7843', 'https://192.0.2.7')
    const { certificate } = await room.identity.serverCertificate(['localhost'])
    const after = new X509Certificate(certificate)
    expect([after.checkHost('rmm.example.org'), after.checkIP('192.0.2.7'), after.checkHost('localhost')]).toEqual([
      ...['rmm.example.org', '192.0.2.7', 'localhost'],
    ])
    expect(after.checkIP('2001:db8::7')).toBeDefined()
    expect((await room.identity.serverCertificate(['localhost'])).certificate).toBe(certificate)
  })
})

describe('a row that our key did not sign', () => {
  it('counts for nothing, and the next one signed is higher', async () => {
    const stranger = await testSigner()
    const { jws } = await stranger.frame('addresses', 40, listOf('https://away.example.net'))
    await room.store.db.insertInto('documents').values({ name: 'addresses', number: 40, issued_at: 1, jws }).execute()
    await room.reopen()
    expect([room.identity.documents.content(addresses), room.identity.documents.numbers()]).toEqual([undefined, nothing])
    await room.move(home)
    expect(room.identity.documents.numbers().addresses).toBe(41)
  })
})

describe('revocations', () => {
  it('list whoever is revoked, as a hash and not as an id', async () => {
    const [one, two] = [await room.enrolled(), await room.enrolled()]
    await room.identity.revoke(one.endpointId)
    await room.identity.revoke(two.endpointId)
    expect(room.identity.documents.content(revocations)).toEqual({
      endpoints: [revocationOf(one.endpointId), revocationOf(two.endpointId)],
    })
    expect(room.identity.documents.numbers().revocations).toBe(2)
    expect(Buffer.from(room.newest('revocations').jws.split('.')[1] ?? '', 'base64url').toString()).not.toContain(one.endpointId)
    expect([room.identity.isRevoked(one.endpointId), room.identity.isRevoked('somebody else')]).toEqual([true, false])
  })

  it('are one list more when several are revoked at once', async () => {
    const all = await Promise.all(Array.from({ length: 5 }, room.enrolled))
    await Promise.all(all.map(({ endpointId }) => room.identity.revoke(endpointId)))
    expect(room.identity.documents.content(revocations)?.endpoints.sort()).toEqual(
      all.map(({ endpointId }) => revocationOf(endpointId)).sort(),
    )
  })

  it('are listed later when a crash, or another version, kept them from it', async () => {
    const { endpointId } = await room.enrolled()
    await room.store.db.updateTable('endpoints').set({ removed_at: 1 }).execute()
    const stop = room.identity.watchDocuments()
    await room.time.advance(10)
    await expect.poll(() => room.identity.isRevoked(endpointId)).toBe(true)
    await room.time.advance(60_000)
    expect(room.identity.documents.numbers().revocations).toBe(1)
    await stop()
  })

  it('are the newest thousand; the database knows the others', async () => {
    const many = Array.from({ length: maxRevocations + 20 }, (_, index) => `endpoint-${String(index).padStart(6, '0')}`)
    const row = { organisation_id: 'organisation-1', site_id: null, hostname: 'pc', platform: 'linux', confirmed_role: null } as const
    const rows = many.map((id, index) => ({ ...row, id, enrolled_at: 1, removed_at: index + 1 }))
    for (let at = 0; at < rows.length; at += 500)
      await room.store.db
        .insertInto('endpoints')
        .values(rows.slice(at, at + 500))
        .execute()
    const last = await room.enrolled()
    await room.identity.revoke(last.endpointId)
    const listed = room.identity.documents.content(revocations)?.endpoints ?? []
    expect([listed.length, listed.at(-1), room.identity.isRevoked(many[20] ?? ''), room.identity.isRevoked(many[21] ?? '')]).toEqual([
      ...[maxRevocations, revocationOf(last.endpointId), false, true],
    ])
    expect(room.newest('revocations').jws.length).toBeLessThan(30_000)
  })
})
