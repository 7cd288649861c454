import { describe, expect, it } from 'vitest'
import { normalise } from '#shared/sigma/normalise.ts'
import { readEvents } from '#shared/sigma/read-events.ts'
import { createSigmaEngine } from '#shared/sigma/sigma.ts'
import { asks, item, ruleOf, setOf } from './asking.ts'

const good = ruleOf('s: { A: 1 }\ncondition: s', 'good')

/** What became of it, and that it took no longer than a second or two. */
function reasonFor(text: string): string | undefined {
  const started = performance.now()
  const { refused } = setOf(text)
  expect(performance.now() - started).toBeLessThan(5_000)
  return refused[0]?.reason
}

describe('rule files that are none', () => {
  it.each([
    ['not YAML', 'id: x\n  title: [', /is not YAML/],
    ['a list', '- a\n- b', /no map of fields/],
    ['one word', 'hello', /no map of fields/],
    ['binary', '\0\x01\xff\xfe{{{', /YAML|no map/],
    ['nothing', '# nothing\n', /is empty/],
    ['no detection', 'id: x\ntitle: T\nlogsource: { product: linux }', /detection/],
    ['a key that stands twice', `${good}level: low\n`, /is not YAML.*unique/i],
    ['a strange level', good.replace('high', 'enormous'), /level “enormous”/],
    ['no log source', good.replace(/logsource.*/, 'logsource: {}'), /doesn’t say for which log source/],
    [
      'a source that is never there',
      good.replace('product: windows', 'product: azure'),
      /events of azure\/process_creation aren’t collected/,
    ],
    ['a collection of Sigma 1', `action: global\n${good}`, /Sigma 1/],
    ['a filter', 'title: F\nlogsource: { product: linux }\nfilter: { rules: [a] }', /filters are not supported/],
    ['very deep', `id: x\na: ${'['.repeat(100_000)}`, /is not YAML/],
    ['very large', `id: x\na: ${'x'.repeat(600_000)}`, /larger than 512 KiB/],
  ])('%s', (_name, text, reason) => {
    expect(reasonFor(text)).toMatch(reason)
  })

  it('names a rule that is refused by its id, also where it can’t be parsed, and uses the others of its file', () => {
    const set = setOf(`${good}---\nid: 9f0e-bad\ntitle: [\n---\n${ruleOf('s: { B: 1 }\ncondition: s', 'other')}`)
    expect(set.rules.map(({ id }) => id)).toEqual(['good', 'other'])
    expect(set.refused).toEqual([{ id: '9f0e-bad', file: 'r.yml', reason: expect.stringContaining('is not YAML') }])
  })

  it('uses the first of two rules with one id', () => {
    expect(setOf(`${good}---\n${good}`)).toMatchObject({ rules: [{ id: 'good' }], refused: [{ id: 'good', reason: /same id/ }] })
  })

  it('refuses a list of 100,000 entries, and takes one of 10,000', () => {
    const listOf = (count: number): string =>
      ruleOf(`s:\n  A:\n${Array.from({ length: count }, (_, index) => `    - v${index}`).join('\n')}\ncondition: s`)
    expect(reasonFor(listOf(100_000))).toMatch(/larger than|lists 100000 values/)
    const set = setOf(listOf(10_000))
    const engine = createSigmaEngine(set)
    const event = { logsource: { product: 'windows', category: 'process_creation' }, A: 'V9999' }
    expect(engine.judge(normalise(event), 0)).toHaveLength(1)
  })

  it('refuses aliases that make little text large', () => {
    const lines = ['a: &a0 [x, x, x, x, x, x, x, x, x, x]']
    for (let n = 1; n < 10; n += 1) lines.push(`a${n}: &a${n} [${Array.from({ length: 10 }, () => `*a${n - 1}`).join(', ')}]`)
    expect(reasonFor(`${lines.join('\n')}\n`)).toMatch(/is not YAML.*alias/i)
  })

  it('takes aliases that are used as they are meant', () => {
    expect(asks('s: { A: &list [1, 2] }\nt: { B: *list }\ncondition: s and t')({ A: 1, B: 2 })).toBe(true)
  })

  it('looks for many wildcards in a long text in bounded time', () => {
    const asked = item('F', `'${'*a?'.repeat(40)}*b'`)
    const started = performance.now()
    expect(asked({ F: 'a'.repeat(100_000) })).toBe(false)
    expect(asked({ F: `${'a'.repeat(100_000)}b` })).toBe(true)
    expect(performance.now() - started).toBeLessThan(2_000)
  })
})

describe('events that are none', () => {
  const engine = createSigmaEngine(setOf(ruleOf('k: evil\ncondition: k')))
  const deep = JSON.parse(`${'{"a":'.repeat(5_000)}"evil"${'}'.repeat(5_000)}`) as unknown

  it.each([[null], [7], [[]], [{}], [''], ['\0\ud800 line'], [{ Event: null }], [{ Event: { System: 7 } }], [{ winlog: {} }], [deep]])(
    'fits nothing and breaks nothing: %#',
    (raw) => {
      expect(() => engine.judge(normalise(raw), 0)).not.toThrow()
    },
  )

  it('reads what can be read of a file, and says what can’t', () => {
    const read = [...readEvents('{"a":"}\\"{"}\n{"b":2}{"c":[{}]}\n{bad}\n\n[{"d":1},{"d":2}]\n{"unfinished": ')]
    expect(read).toEqual([
      ...[{ a: '}"{' }, { b: 2 }, { c: [{}] }].map((raw) => ({ kind: 'event', raw })),
      { kind: 'bad', line: 3, reason: expect.stringContaining('not JSON') },
      ...[{ d: 1 }, { d: 2 }].map((raw) => ({ kind: 'event', raw })),
      { kind: 'bad', line: 6, reason: expect.stringContaining('not JSON') },
    ])
  })

  it('reads a log line by line', () => {
    expect([...readEvents('one\r\n\ntwo')]).toEqual([
      { kind: 'event', raw: 'one' },
      { kind: 'event', raw: 'two' },
    ])
  })
})
