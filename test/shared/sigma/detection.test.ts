import { describe, expect, it } from 'vitest'
import { asks, refusal } from './asking.ts'

const abc = 'a: { A: 1 }\nb: { B: 1 }\nc: { C: 1 }\n_d: { D: 1 }\nx_1: { X: 1 }\nx_2: { Y: 1 }\n'
const event = (letters: string) => Object.fromEntries([...letters].map((letter) => [letter, 1]))

describe('conditions', () => {
  it.each<[condition: string, fits: string[], others: string[]]>([
    ['a', ['A', 'AB'], ['', 'B']],
    ['not a', ['', 'B'], ['A']],
    ['a and not b', ['A', 'AC'], ['AB', 'B']],
    ['a or b and c', ['A', 'BC'], ['B', 'C']],
    ['(a or b) and c', ['AC', 'BC'], ['A', 'AB']],
    ['not (a or b)', ['C', ''], ['A', 'B']],
    ['not not a', ['A'], ['']],
    ['not a and b', ['B'], ['AB', '']],
    ['a AND NOT b OR c', ['A', 'C'], ['AB']],
    ['1 of x_*', ['X', 'Y'], ['A']],
    ['any of x_*', ['X'], ['A']],
    ['all of x_*', ['XY'], ['X', 'Y']],
    ['2 of x_*', ['XY'], ['X']],
    ['1 of them', ['A', 'Y'], ['D', '']],
    ['all of them', ['ABCXY'], ['ABCX', 'ABCDX']],
    ['all of *', ['ABCDXY'], ['ABCXY']],
    ['a and not 1 of x_*', ['A'], ['AX', 'AY', 'X']],
    ['1 of _*', ['D'], ['A']],
    ['[a, b]', ['A', 'B'], ['C']],
  ])('%s', (condition, fits, others) => {
    const asked = asks(`${abc}condition: ${condition}`)
    for (const letters of fits) expect(asked(event(letters)), letters).toBe(true)
    for (const letters of others) expect(asked(event(letters)), letters).toBe(false)
  })

  it.each([
    ['a and', /lacks a selection before “its end”/],
    ['a b', /can’t be read from “b”/],
    ['(a', /never closed/],
    ['q', /names “q”/],
    ['1 of q*', /no selection is called so/],
    ['3 of x_*', /3 of 2 selections/],
    ["''", /is empty/],
    ['a | count() > 5', /Sigma 2 replaced/],
    ['null', /no condition/],
    [`${'('.repeat(500)}a${')'.repeat(500)}`, /deep/],
    [`${'not '.repeat(5_000)}a`, /deep/],
  ])('refuses %s', (condition, reason) => {
    expect(refusal(`${abc}condition: ${condition}`)).toMatch(reason)
  })
})

describe('selections', () => {
  it('takes all items of a map and one map of a list', () => {
    const asked = asks('s:\n  - A: 1\n    B: 2\n  - C: 3\ncondition: s')
    expect([{ A: 1, B: 2 }, { C: 3 }, { A: 1 }, { A: 1, B: 3 }].map(asked)).toEqual([true, true, false, false])
  })

  it('finds keywords in any value, as parts of it, and all of them where they say so', () => {
    const one = asks("k: [evil, 'b?d', 42]\ncondition: k")
    expect([{ X: 'an EVIL one' }, { Y: ['x', 'bad'] }, { Z: 'a42' }, { Z: 'good' }].map(one)).toEqual([true, true, true, false])
    const all = asks("k:\n  '|all': [evil, bad]\ncondition: k")
    expect([{ X: 'evil', Y: 'bad' }, { X: 'bad evil' }, { X: 'evil' }].map(all)).toEqual([true, true, false])
    expect(asks('k: evil\ncondition: k')({ X: { deep: ['not evil'] } })).toBe(true)
    expect(asks("k:\n  '|re': 'e.il'\ncondition: k")({ X: 'xevilx' })).toBe(true)
    const mixed = asks('k:\n  - evil\n  - A: 1\ncondition: k')
    expect([{ X: 'evil' }, { A: 1 }, { X: 'b' }].map(mixed)).toEqual([true, true, false])
  })

  it('is true of a missing field where it is asked with not', () => {
    const asked = asks('s: { A: 1 }\nf: { B|contains: x }\ncondition: s and not f')
    expect([{ A: 1 }, { A: 1, B: 'x' }, { A: 1, B: null }].map(asked)).toEqual([true, false, true])
  })

  it('takes fields inside of fields, by their path', () => {
    expect(asks('s: { a.b.c: 1 }\ncondition: s')({ a: { b: { c: 1 } } })).toBe(true)
    expect(asks('s: { a.b.c: 1 }\ncondition: s')({ 'a.b.c': 1 })).toBe(true)
    expect(asks('s: { constructor.name|contains: a }\ncondition: s')({ a: 1 })).toBe(false)
  })

  it.each([
    ['s: {}\ncondition: s', /empty/],
    ['s: []\ncondition: s', /empty/],
    ["k: ['']\ncondition: k", /empty keyword/],
    ['k: [null]\ncondition: k', /no keyword/],
    ['s: { A: 1 }\ntimeframe: 5m\ncondition: s', /timeframe/],
  ])('refuses %s', (detection, reason) => {
    expect(refusal(detection)).toMatch(reason)
  })
})
