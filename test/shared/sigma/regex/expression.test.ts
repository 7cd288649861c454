import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fold } from '#shared/sigma/fold.ts'
import { expressionOf } from '#shared/sigma/regex/expression.ts'

const plain = { i: false, m: false, s: false }

/** Expressions that JavaScript's own engine reads the same way. */
const { tree: source } = fc.letrec<{ tree: string }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 5 },
    fc.constantFrom(
      'a',
      'b',
      'A',
      '-',
      '.',
      String.raw`\w`,
      String.raw`\W`,
      String.raw`\d`,
      String.raw`\s`,
      '[ab]',
      '[^a]',
      '[A-Z-]',
      String.raw`\b`,
      String.raw`\B`,
      '^',
      '$',
      '',
    ),
    fc.tuple(tie('tree'), tie('tree')).map(([one, two]) => one + two),
    fc.tuple(tie('tree'), tie('tree')).map(([one, two]) => `(?:${one}|${two})`),
    fc.tuple(tie('tree'), fc.constantFrom('*', '+', '?', '*?', '{2}', '{1,3}', '{0,1}', '{2,}')).map(([one, times]) => `(${one})${times}`),
    fc.tuple(fc.constantFrom('?=', '?!', '?<=', '?<!'), tie('tree')).map(([look, one]) => `(${look}${one})`),
  ),
}))
const text = fc.string({ unit: fc.constantFrom('a', 'b', 'A', 'B', '-', '1', ' ', '\n'), maxLength: 12 })

describe('regular expressions', () => {
  it('fit what JavaScript’s own engine fits, and promise only literals that are there', () => {
    fc.assert(
      fc.property(source, text, fc.boolean(), fc.boolean(), (written, value, i, s) => {
        const flags = { i, m: true, s }
        const own = expressionOf(written, flags)
        const isFit = new RegExp(written, `m${i ? 'i' : ''}${s ? 's' : ''}`).test(value)
        expect(own.fits(value)).toBe(isFit)
        if (isFit && own.literals) expect(own.literals.some((literal) => fold(value).includes(literal))).toBe(true)
      }),
      { numRuns: 3_000 },
    )
  })

  it.each<[source: string, fits: string[], others: string[]]>([
    ['(?i)abc', ['xABC'], ['ab']],
    ['a(?i:b)c', ['aBc'], ['ABc']],
    ['(?-i)a', ['a'], ['A']],
    ['(?P<name>a)(?<other>b)(?:c)(?#not this)', ['abc'], ['ab']],
    [String.raw`\Aab\z`, ['ab'], ['ab\n', 'xab']],
    ['ab$', ['ab', 'ab\n'], ['ab\n\n', 'abc']],
    [String.raw`\x41\x{42}\u0043\t`, ['ABC\t'], ['ABC']],
    ['[[:alpha:]]+[[:^digit:]]', ['ab'], ['12']],
    [String.raw`[]a]\]`, ['a]', ']]'], ['b]']],
    [String.raw`[\w.-]+@`, ['a.b-c@'], ['@']],
    [String.raw`[a\-z]`, ['-'], ['b']],
    ['a{,3}', ['a{,3}'], ['aaa']],
    ['x{', ['x{'], ['x']],
    ['(?!.*evil)^good', ['good'], ['good evil']],
    ['(?<!not )evil', ['so evil'], ['not evil']],
  ])('%s', (written, fits, others) => {
    const own = expressionOf(written, plain)
    for (const each of fits) expect(own.fits(each), each).toBe(true)
    for (const each of others) expect(own.fits(each), each).toBe(false)
  })

  it.each([
    [String.raw`(a)\1`, /refers back/],
    ['a++', /possessive/],
    ['(?>a)', /not supported/],
    ['*a', /nothing stands before/],
    ['[a', /never closed/],
    ['[z-a]', /wrong way round/],
    ['a)', /too many/],
    ['a\\', /single backslash/],
    [String.raw`\Q`, /not supported/],
    ['a{5000}', /more than 1000 times/],
    ['(a{1000}){1000}', /states/],
    ['('.repeat(200), /deep/],
    ['a'.repeat(10_001), /longer/],
  ])('refuses %s', (written, reason) => {
    expect(() => expressionOf(written, plain)).toThrow(reason)
  })

  it.each(['(a+)+$', '(a|a)*b', '(x+x+)+y', '(.*a){20}b', String.raw`^(\w+\s?)*$`, '(?=(a+)+b)c', '(a?){50}a{50}b'])(
    'never takes longer than text times expression: %s',
    (written) => {
      const own = expressionOf(written, plain)
      const started = performance.now()
      own.fits(`${'a'.repeat(20_000)}!`)
      own.fits(`${'x'.repeat(20_000)}!`)
      expect(performance.now() - started).toBeLessThan(3_000)
    },
  )
})
