import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { days } from '#shared/domain/time.ts'
import addresses from '#shared/protocol/documents/addresses.ts'
import operators from '#shared/protocol/documents/operators.ts'
import { knowNumbers } from '../../../server/identity/document-rows.ts'
import { listOf } from '../../support/documents.ts'
import { home, openSigningRoom, type SigningRoom } from './signing-room.ts'

let room: SigningRoom
beforeEach(async () => {
  room = await openSigningRoom()
})
afterEach(() => room.close())

/** As `tierline restore` leaves it. */
async function restoredWith(restore: () => Promise<void>): Promise<void> {
  const madeAt = room.time.now()
  await room.time.advance(days(1))
  await restore()
  await room.store.db.transaction().execute(async (tx) => {
    const restored = { restored_at: room.time.now(), made_at: madeAt, program: '0.1.0', started_at: null, first_ticket_number: null }
    await tx.insertInto('restores').values(restored).execute()
    await knowNumbers(tx)
  })
  await room.reopen()
}

const numbers = () => room.identity.documents.numbers()
const isRevoked = (...endpoints: { endpointId: string }[]) => endpoints.map(({ endpointId }) => room.identity.isRevoked(endpointId))

describe('a restored collector that issues before an agent is back', () => {
  it('gives no number that it may have given before', async () => {
    await room.move(home)
    const restore = await room.backUp()
    await room.move('https://forgotten.example.org')
    const forgotten = room.newest('addresses')
    await restoredWith(restore)
    await room.move('https://since.example.org')
    expect(numbers().addresses).toBeGreaterThan(1_000_000_000)
    expect(room.identity.documents.nextNumber(operators)).toBeGreaterThan(1_000_000_000)
    // Whoever holds the forgotten one takes ours, and ours stays.
    expect(room.identity.documents.newerThan({ addresses: forgotten.number })).toHaveLength(1)
    expect(numbers()).toEqual(room.identity.documents.numbers({ addresses: forgotten.number }))
    expect(await room.identity.documents.handBack(forgotten)).toEqual({ kind: 'passed' })
    expect(room.identity.documents.content(addresses)).toEqual(listOf('https://since.example.org'))
  })

  it('asks for the list of revocations that it forgot, and joins both, once', async () => {
    const [old, gone, since] = [await room.enrolled(), await room.enrolled(), await room.enrolled()]
    await room.identity.revoke(old.endpointId)
    const restore = await room.backUp()
    const enrolledLater = await room.enrolled()
    await room.identity.revoke(gone.endpointId)
    await room.identity.revoke(enrolledLater.endpointId)
    const forgotten = room.newest('revocations')
    await restoredWith(restore)
    await room.identity.revoke(since.endpointId)
    expect(isRevoked(old, gone, enrolledLater, since)).toEqual([true, false, false, true])
    const first = numbers().revocations ?? 0

    const asked = room.identity.documents.numbers({ revocations: forgotten.number })
    expect(asked.revocations).toBe(1)
    expect(await room.identity.documents.handBack(forgotten)).toEqual({ kind: 'adopted', revoked: [gone.endpointId] })
    expect(isRevoked(old, gone, enrolledLater, since)).toEqual([true, true, true, true])
    expect(await room.identity.authenticate(gone.peer)).toMatchObject({ code: 'certificate-revoked' })
    expect(numbers().revocations).toBe(first + 1)
    expect(await room.troubles()).toMatchObject([{ kind: 'system.documents.handed-back' }])

    expect(room.identity.documents.numbers({ revocations: forgotten.number }).revocations).toBe(first + 1)
    expect(await room.identity.documents.handBack(forgotten)).toEqual({ kind: 'passed' })
    await room.reopen()
    expect(room.identity.documents.numbers({ revocations: forgotten.number }).revocations).toBe(first + 1)
  })

  it('asks nobody who holds what it had before, or has issued since', async () => {
    const [old, since] = [await room.enrolled(), await room.enrolled()]
    await room.identity.revoke(old.endpointId)
    const restore = await room.backUp()
    await restoredWith(restore)
    await room.identity.revoke(since.endpointId)
    const now = numbers().revocations ?? 0
    for (const theirs of [0, 1, now]) expect(room.identity.documents.numbers({ revocations: theirs }).revocations).toBe(now)
  })
})
