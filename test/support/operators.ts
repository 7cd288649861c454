import { CompactSign, calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose'
import { days } from '#shared/domain/time.ts'
import { type Authorities, type Operator, type Succession, successionType } from '#shared/protocol/authority.ts'
import { canonicalJson } from '#shared/protocol/canonical.ts'
import { type DocumentFrame, documentType } from '#shared/protocol/document.ts'

/** A key that a person holds. */
export interface PersonsKey {
  kid: string
  key: { kty: 'OKP'; crv: 'Ed25519'; x: string }
  sign(content: unknown, typ: string): Promise<string>
}

export async function personsKey(): Promise<PersonsKey> {
  const { privateKey, publicKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true })
  const key = { kty: 'OKP' as const, crv: 'Ed25519' as const, x: (await exportJWK(publicKey)).x ?? '' }
  const kid = await calculateJwkThumbprint(key)
  const sign: PersonsKey['sign'] = (content, typ) =>
    new CompactSign(new TextEncoder().encode(canonicalJson(content))).setProtectedHeader({ alg: 'EdDSA', typ, kid }).sign(privateKey)
  return { kid, key, sign }
}

export const publicOf = ({ kid, key }: PersonsKey) => ({ kid, key })

export const signOrder = (key: PersonsKey, order: unknown): Promise<string> => key.sign(order, 'tierline-command+jws')

export function operatorOf(name: string, key: PersonsKey, now: number, more: Partial<Operator> = {}): Operator {
  const life = { certifiedAt: now, expiresAt: now + days(30) }
  return { name, ...publicOf(key), verbs: ['*'], organisations: ['*'], ...life, ...more }
}

/** Two authorities and what they sign. */
export interface Authority {
  keys: readonly [PersonsKey, PersonsKey]
  pair: Authorities
  register(by: PersonsKey, number: number, issuedAt: number, operators: Operator[]): Promise<DocumentFrame>
  succession(by: PersonsKey, said: Omit<Succession, 'v'>): Promise<string>
}

export async function twoAuthorities(): Promise<Authority> {
  const keys = [await personsKey(), await personsKey()] as const
  return {
    keys,
    pair: { keys: keys.map(publicOf), succession: 0 },
    register: async (by, number, issuedAt, operators) => {
      const document = { v: 1, name: 'operators', number, issuedAt, content: { operators } }
      return { kind: 'document', name: 'operators', number, jws: await by.sign(document, documentType) }
    },
    succession: (by, said) => by.sign({ v: 1, ...said }, successionType),
  }
}
