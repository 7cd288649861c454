import { CompactSign, calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose'
import { expect, it } from 'vitest'
import { browserKeyType } from '#shared/api/browser-key.ts'
import { minutes } from '#shared/domain/time.ts'
import type { PublicKey } from '#shared/protocol/authority.ts'
import type { People } from '../../../server/people/people.ts'
import { openPeople } from './open-people.ts'

const newKey = async () => {
  const { publicKey, privateKey } = await generateKeyPair('EdDSA', { extractable: true })
  const { x = '' } = await exportJWK(publicKey)
  const key: PublicKey = { kty: 'OKP', crv: 'Ed25519', x }
  const sign = (text: string, typ = browserKeyType): Promise<string> =>
    new CompactSign(new TextEncoder().encode(text)).setProtectedHeader({ alg: 'EdDSA', typ }).sign(privateKey)
  return { key, sign, kid: await calculateJwkThumbprint(key) }
}
const somebody = async (people: People, login: string): Promise<string> => {
  const person = { name: login, login, password: 'twelve letters', teams: [], isAdmin: false, organisationId: null }
  const made = await people.createPerson(person)
  if (made.kind !== 'made') throw new Error(made.kind)
  return made.id
}
const notSigned = { kind: 'refused', reason: 'This key did not sign what was asked of it.' }
const notAsked = { kind: 'refused', reason: expect.stringContaining('try again') }

it('a key is taken from whoever signs with it what was asked of them, once and soon', async () => {
  await using opened = await openPeople()
  const { people, time } = opened
  const [ada, bob] = [await somebody(people, 'ada'), await somebody(people, 'bob')]
  const { key, sign, kid } = await newKey()
  expect(await people.askForKey(ada, { key, proof: await sign('anything') })).toMatchObject(notAsked)

  const proof = await sign(people.challengeFor(ada))
  people.challengeFor(bob)
  expect(await people.askForKey(bob, { key, proof })).toEqual(notSigned)
  expect(await people.askForKey(ada, { key, proof })).toEqual({ kind: 'asked', kid })
  expect(await people.askForKey(ada, { key, proof })).toMatchObject(notAsked)
  expect(await people.ownerOf(kid)).toBe(ada)

  const late = await sign(people.challengeFor(ada))
  time.jump(minutes(5))
  expect(await people.askForKey(ada, { key, proof: late })).toMatchObject(notAsked)
})

it('whoever only knows its public half, or has a signature on something else, hands in nothing', async () => {
  await using opened = await openPeople()
  const { people } = opened
  const ada = await somebody(people, 'ada')
  const [own, others] = [await newKey(), await newKey()]
  const proofs = [
    (challenge: string) => own.sign(challenge),
    (challenge: string) => others.sign(challenge, 'tierline-command+jws'),
    async () => 'no.jws.atall',
  ]
  for (const proofOf of proofs)
    expect(await people.askForKey(ada, { key: others.key, proof: await proofOf(people.challengeFor(ada)) })).toEqual(notSigned)
  expect(await people.keyOf(ada)).toBeUndefined()
})

it('a key that stands under another person is refused in a value, and both keep what they had', async () => {
  await using opened = await openPeople()
  const { people } = opened
  const [ada, bob] = [await somebody(people, 'ada'), await somebody(people, 'bob')]
  const [shared, bobs] = [await newKey(), await newKey()]
  const handIn = async (person: string, { key, sign }: Awaited<ReturnType<typeof newKey>>) =>
    people.askForKey(person, { key, proof: await sign(people.challengeFor(person)) })
  await handIn(ada, shared)
  await handIn(bob, bobs)
  expect(await handIn(bob, shared)).toEqual({ kind: 'taken' })
  expect([await people.ownerOf(shared.kid), await people.ownerOf(bobs.kid)]).toEqual([ada, bob])
})
