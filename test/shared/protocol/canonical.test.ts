import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalJson, isCanonicalJson } from '#shared/protocol/canonical.ts'

describe('the one byte form of what is signed', () => {
  it('orders names, leaves out what is undefined, and writes no spaces', () => {
    expect(canonicalJson({ b: [1, { d: null, c: 'ü"' }], a: true, z: undefined })).toBe('{"a":true,"b":[1,{"c":"ü\\"","d":null}]}')
  })

  it('is the same however the value was put together, and means the same value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = canonicalJson(value)
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)))
        expect(canonicalJson(JSON.parse(text))).toBe(text)
        expect(isCanonicalJson(text)).toBe(true)
      }),
    )
  })

  it.each(['{"b":1,"a":2}', '{"a":1,"a":2}', '{ "a":1}', '{"a":1.0}', '"\\u0061"', '{"a":1}\n', 'no json'])('is not %s', (text) => {
    expect(isCanonicalJson(text)).toBe(false)
  })

  it('can’t be made of what JSON has no word for', () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, () => 1]) expect(() => canonicalJson(value)).toThrow()
  })
})
