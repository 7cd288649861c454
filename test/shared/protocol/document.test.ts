import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DocumentNumbers, readPayload } from '#shared/protocol/document.ts'
import addresses from '#shared/protocol/documents/addresses.ts'
import revocations, { maxRevocations } from '#shared/protocol/documents/revocations.ts'

const bytes = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value))
const payload = { v: 1, name: 'addresses', number: 1, issuedAt: 1, content: { collectors: ['https://rmm.example.org:7843'] } }

describe('a signed payload', () => {
  it('is a document of its definition', () => {
    expect(readPayload(addresses, bytes(payload))).toEqual({ kind: 'document', document: payload })
  })

  it.each([
    ['of another name', { ...payload, name: 'revocations' }],
    ['without a number', { ...payload, number: 0 }],
    ['with a number that is no integer', { ...payload, number: 1.5 }],
    ['of another version', { ...payload, v: 2 }],
    ['without its content', { ...payload, content: undefined }],
    ['that is a list', [payload]],
  ])('%s is none', (_what, changed) => {
    expect(readPayload(addresses, bytes(changed))).toMatchObject({ kind: 'unfit' })
  })

  it('that is no JSON, or no UTF-8, is none', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => {
        expect(readPayload(addresses, noise)).toMatchObject({ kind: 'unfit' })
      }),
    )
  })
})

describe('addresses', () => {
  const fits = (...collectors: unknown[]) => addresses.content.safeParse({ collectors }).success

  it('are origins of https, one to ten', () => {
    expect(fits('https://rmm.example.org:7843', 'https://192.0.2.7', 'https://[2001:db8::7]:7843')).toBe(true)
    expect(fits()).toBe(false)
    expect(fits(...Array.from({ length: 11 }, (_, index) => `https://${index}.example.org`))).toBe(false)
  })

  it.each([
    ...[
      'http://rmm.example.org',
      'wss://rmm.example.org',
      'rmm.example.org:7843',
      'https://',
      '',
      'https://a/b',
      'https://a?b',
      'https://a#b',
    ],
    ...[
      'https://user:word@a',
      'https://A.example.org',
      'https://a:443',
      'https://a:99999',
      'https://a b',
      ' https://a',
      'javascript:alert(1)',
    ],
  ])('are never %j', (text) => {
    expect(fits(text)).toBe(false)
  })
})

it('revocations are hashes, a thousand at most', () => {
  const fits = (endpoints: string[]) => revocations.content.safeParse({ endpoints }).success
  const hash = 'aB3_-aB3_-aB'
  expect([fits([]), fits([hash]), fits(Array.from({ length: maxRevocations }, () => hash))]).toEqual([true, true, true])
  expect([fits(['0190-an-endpoint-id']), fits([`${hash}=`]), fits(Array.from({ length: maxRevocations + 1 }, () => hash))]).toEqual([
    ...[false, false, false],
  ])
})

it('numbers by name are no more than anybody has documents', () => {
  const named = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`document-${index}`, index]))
  expect([DocumentNumbers.safeParse(named(50)).success, DocumentNumbers.safeParse(named(51)).success]).toEqual([true, false])
  expect(DocumentNumbers.safeParse({ addresses: -1 }).success).toBe(false)
})
