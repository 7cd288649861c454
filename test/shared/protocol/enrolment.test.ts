import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type EnrolmentToken, readToken, writeToken } from '#shared/protocol/enrolment.ts'

const hex64 = fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: 64, maxLength: 64 })
const word = fc.string({ unit: fc.constantFrom(...'abcXYZ019_-'), minLength: 43, maxLength: 43 })
const tokens: fc.Arbitrary<EnrolmentToken> = fc.record({
  collector: fc.constantFrom('https://127.0.0.1:7843', 'https://rmm.example.org:7843', 'https://[::1]:1', 'https://münchen.example:7843'),
  id: fc.uuid(),
  secret: word,
  ca: hex64,
  authority: word,
})

describe('an enrolment token', () => {
  it('is one word that says what it was made of', () => {
    fc.assert(
      fc.property(tokens, (token) => {
        const text = writeToken(token)
        expect(text).toMatch(/^tl1\.[A-Za-z0-9_-]+$/)
        expect(readToken(`  ${text}\n`)).toEqual(token)
      }),
    )
  })

  it('is nothing when it was cut, or when it never was one', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(readToken(text)).toBeUndefined()
      }),
    )
    fc.assert(
      fc.property(tokens, fc.integer({ min: 1, max: 40 }), (token, missing) => {
        expect(readToken(writeToken(token).slice(0, -missing))).toBeUndefined()
      }),
    )
  })
})
