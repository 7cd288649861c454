import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { DocumentFrame } from '#shared/protocol/document.ts'
import addresses from '#shared/protocol/documents/addresses.ts'
import { altered, listOf, testSigner } from '../../support/documents.ts'
import { home, openSigningRoom, type SigningRoom } from './signing-room.ts'

let room: SigningRoom
beforeEach(async () => {
  room = await openSigningRoom()
})
afterEach(() => room.close())

describe('what agents hand back', () => {
  it('is adopted by a collector that was set back, once, and is one trouble of its own', async () => {
    await room.move(home)
    const restore = await room.backUp()
    await room.move('https://new.example.org')
    const frame = room.newest('addresses')
    await restore()
    expect(room.identity.documents.content(addresses)).toEqual(listOf(home))
    const answers = await Promise.all(Array.from({ length: 5 }, () => room.identity.documents.handBack(frame)))
    expect(answers.map(({ kind }) => kind)).toEqual(['adopted', ...Array.from({ length: 4 }, () => 'passed')])
    expect(room.identity.documents.content(addresses)).toEqual(listOf('https://new.example.org'))
    expect(await room.troubles()).toMatchObject([
      { kind: 'system.documents.handed-back', summary: expect.stringContaining('addresses 2, here it was 1') },
    ])
    await room.reopen()
    expect(room.identity.documents.numbers().addresses).toBe(2)
  })

  it('revokes again who was revoked after the backup, and goes on with a list that names everybody', async () => {
    const [gone, stays, later] = [await room.enrolled(), await room.enrolled(), await room.enrolled()]
    const restore = await room.backUp()
    await room.identity.revoke(gone.endpointId)
    const frame = room.newest('revocations')
    await restore()
    expect(await room.identity.authenticate(gone.peer)).toMatchObject({ endpointId: gone.endpointId })

    expect(await room.identity.documents.handBack(frame)).toEqual({ kind: 'adopted', revoked: [gone.endpointId] })
    expect(await room.identity.authenticate(gone.peer)).toMatchObject({ code: 'certificate-revoked' })
    expect(await room.identity.authenticate(stays.peer)).toMatchObject({ endpointId: stays.endpointId })
    expect(await room.troubles()).toMatchObject([{ facts: expect.stringContaining(gone.endpointId) }])

    await room.identity.revoke(later.endpointId)
    expect(room.identity.documents.numbers().revocations).toBe(2)
    expect([gone, stays, later].map(({ endpointId }) => room.identity.isRevoked(endpointId))).toEqual([true, false, true])
  })

  it('joins what was revoked here since, so that neither is forgotten', async () => {
    const [before, since] = [await room.enrolled(), await room.enrolled()]
    const restore = await room.backUp()
    await room.identity.revoke(before.endpointId)
    await room.identity.revoke(before.endpointId)
    await room.move(home)
    const frame = room.newest('revocations')
    await restore()
    await room.store.db.updateTable('endpoints').set({ removed_at: room.time.now() }).where('id', '=', since.endpointId).execute()
    await room.identity.documents.handBack(frame)
    const stop = room.identity.watchDocuments()
    await room.time.advance(10)
    await expect.poll(() => room.identity.isRevoked(since.endpointId)).toBe(true)
    expect([room.identity.isRevoked(before.endpointId), room.identity.documents.numbers().revocations]).toEqual([true, 2])
    await stop()
  })

  it('shuts out who was enrolled and revoked after the backup, though this database never knew them', async () => {
    const known = await room.enrolled()
    const restore = await room.backUp()
    const unknown = await room.enrolled()
    await room.identity.revoke(unknown.endpointId)
    const frame = room.newest('revocations')
    await restore()
    expect(await room.identity.authenticate(unknown.peer)).toMatchObject({ code: 'endpoint-unknown' })
    await room.identity.documents.handBack(frame)
    expect(await room.identity.authenticate(unknown.peer)).toMatchObject({ code: 'certificate-revoked' })
    expect(await room.identity.renew(unknown.peer, 'whatever')).toMatchObject({ code: 'certificate-revoked' })
    await room.identity.revoke(known.endpointId)
    expect([known, unknown].map(({ endpointId }) => room.identity.isRevoked(endpointId))).toEqual([true, true])
  })

  it('is passed when it is old, of another name, or when too many wait', async () => {
    await room.move(home)
    const old = room.newest('addresses')
    await room.move('https://new.example.org')
    const passed = { kind: 'passed' }
    expect(await room.identity.documents.handBack(old)).toEqual(passed)
    expect(await room.identity.documents.handBack({ ...old, name: 'policies', number: 9 })).toEqual(passed)
    const junk = Array.from({ length: 50 }, (_, index) => room.identity.documents.handBack({ ...old, number: 100 + index, jws: 'junk' }))
    const kinds = (await Promise.all(junk)).map(({ kind }) => kind)
    expect([kinds.filter((kind) => kind === 'forged').length, kinds.filter((kind) => kind === 'passed').length]).toEqual([20, 30])
    expect(room.identity.documents.content(addresses)).toEqual(listOf('https://new.example.org'))
  })

  it('is turned away when our key did not sign it, or not so', async () => {
    await room.move(home)
    const own = room.newest('addresses')
    const stranger = await testSigner()
    const { kid } = room.identity.authority
    const forgeries = [
      await stranger.frame('addresses', 9, listOf('https://away.example.net')),
      await stranger.frame('addresses', 9, listOf('https://away.example.net'), { kid }),
      { ...altered(own), number: 9 },
      { ...own, number: 9 },
      { ...own, number: 9, jws: 'A'.repeat(70_000) },
      { ...own, number: 9, jws: await room.identity.authority.sign(orderLike(own)) },
    ]
    for (const forgery of forgeries) expect(await room.identity.documents.handBack(forgery)).toMatchObject({ kind: 'forged' })
    expect([room.identity.documents.content(addresses), await room.troubles()]).toEqual([listOf(home), []])
  })

  it('is not adopted when the news of it could not be kept', async () => {
    await room.move(home)
    const restore = await room.backUp()
    await room.move('https://new.example.org')
    const frame = room.newest('addresses')
    await restore()
    room.identity = await room.open(() => Promise.reject(new Error('disk full')))
    await expect(room.identity.documents.handBack(frame)).rejects.toThrow('disk full')
    await room.reopen()
    expect(room.identity.documents.content(addresses)).toEqual(listOf(home))
    expect(await room.identity.documents.handBack(frame)).toMatchObject({ kind: 'adopted' })
  })
})

/** An order whose content would be a fine document. */
function orderLike({ name }: DocumentFrame) {
  const document = { v: 1, name, number: 9, issuedAt: 1, content: listOf('https://away.example.net') }
  const order = { id: 'command-1', verb: 'isolate-host', args: {}, endpoints: ['endpoint-1'], nonce: 'n'.repeat(20) }
  return { ...document, ...order, issuedAt: 1, expiresAt: 2, requestedBy: 'system', reason: '' }
}
