import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import authorities from '#shared/protocol/documents/authorities.ts'
import { readToken } from '#shared/protocol/enrolment.ts'
import { certificateRequest, makeKey } from '../../../agent/identity/certificate-request.ts'
import { type Authority, operatorOf, personsKey, publicOf, twoAuthorities } from '../../support/operators.ts'
import { openSigningRoom, type SigningRoom } from './signing-room.ts'

let room: SigningRoom
let authority: Authority
beforeEach(async () => {
  room = await openSigningRoom()
  authority = await twoAuthorities()
})
afterEach(() => room.close())

const name = (successions: string[] = []) => room.identity.documents.issue(authorities, () => ({ first: authority.pair, successions }))
const wanted = { organisationId: 'organisation-1', createdBy: 'system', collectorUrl: 'https://127.0.0.1:7843' }

async function enrolled(role?: 'core') {
  const token = readToken((await room.identity.createToken({ ...wanted, ...(role && { role }) })).token)
  if (!token) throw new TypeError('no token')
  const csr = await certificateRequest(makeKey(), 'pc-1')
  const outcome = await room.identity.enrol({ tokenId: token.id, secret: token.secret, csr, hostname: 'pc-1', platform: 'linux' })
  if (outcome.kind === 'refused') throw new Error(outcome.message)
  return { token, response: outcome.response }
}

describe('who names operators', () => {
  it('is nobody, and neither token nor enrolment says otherwise', async () => {
    const { token, response } = await enrolled()
    expect([room.identity.register(), token.authorities, response.operatorsBy]).toEqual([undefined, undefined, undefined])
  })

  it('stands in tokens and enrolments once it is said, with what the machine is for', async () => {
    await name()
    const { token, response } = await enrolled('core')
    expect(token).toMatchObject({ authorities: authority.keys.map(({ kid }) => kid), role: 'core' })
    expect(response.operatorsBy).toEqual(authority.pair)
    expect(room.identity.register()).toEqual({ operators: [], issuedAt: 0 })
  })

  it('is the successor after a succession that the other one signed', async () => {
    const [a, b] = authority.keys
    const next = await personsKey()
    await name([await authority.succession(b, { number: 1, replaces: a.kid, by: publicOf(next) })])
    expect((await enrolled()).response.operatorsBy).toEqual({ keys: [publicOf(b), publicOf(next)], succession: 1 })
  })
})

describe('the register of operators', () => {
  it('is taken from whoever hands it in, when an authority signed it, over a restart too', async () => {
    await name()
    const operators = [operatorOf('Anna', await personsKey(), room.time.now())]
    const frame = await authority.register(authority.keys[1], 1, room.time.now(), operators)
    expect(await room.identity.documents.handBack(frame)).toMatchObject({ kind: 'adopted' })
    await room.reopen()
    expect(room.identity.register()).toEqual({ operators, issuedAt: room.time.now() })
    expect(room.identity.documents.newerThan({ operators: 0 })).toEqual([frame])
  })

  it('is not taken when a stranger signed it, or when nobody names operators here', async () => {
    const frame = await authority.register(authority.keys[0], 1, room.time.now(), [])
    expect(await room.identity.documents.handBack(frame)).toMatchObject({ kind: 'forged' })
    await name()
    const forged = await authority.register(await personsKey(), 1, room.time.now(), [])
    expect(await room.identity.documents.handBack(forged)).toMatchObject({ kind: 'forged' })
    expect(room.identity.register()).toEqual({ operators: [], issuedAt: 0 })
  })
})
