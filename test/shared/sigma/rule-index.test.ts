import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { normalise } from '#shared/sigma/normalise.ts'
import { PartIndex } from '#shared/sigma/part-index.ts'
import { createSigmaEngine } from '#shared/sigma/sigma.ts'
import { ruleOf, setOf } from './asking.ts'

const word = fc.string({ unit: fc.constantFrom('a', 'b', 'C', '*', '?', '-', ' '), minLength: 1, maxLength: 6 })
const modifier = fc.constantFrom(
  '',
  '|contains',
  '|startswith',
  '|endswith',
  '|cased',
  '|contains|all',
  '|contains|windash',
  '|re',
  '|endswith|cased',
)
const item = fc
  .tuple(fc.constantFrom('A', 'B', ''), modifier, fc.array(word, { minLength: 1, maxLength: 10 }))
  .map(([field, modifiers, words]) => ({
    [`${field}${modifiers}`]: modifiers === '|re' ? words.map((each) => each.replace(/[*?]/g, '.')) : words,
  }))
const condition = fc.constantFrom('s and t', 's or t', 's and not t', 'not s', '1 of them', 'all of them', 's')
const rule = fc.tuple(item, item, condition)
const value = fc.oneof(
  fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'C', '-', '/', ' '), maxLength: 14 }),
  fc.constant(null),
  fc.integer({ max: 20, min: 0 }),
)

describe('the index', () => {
  it('never hides a rule from an event that fits it', () => {
    fc.assert(
      fc.property(
        fc.array(rule, { minLength: 1, maxLength: 8 }),
        fc.array(fc.record({ A: value, B: value }), { maxLength: 8 }),
        (rules, events) => {
          const documents = rules.map(([s, t, when], index) =>
            ruleOf(`s: ${JSON.stringify(s)}\nt: ${JSON.stringify(t)}\ncondition: ${when}`, `r${index}`),
          )
          const set = setOf(documents.join('---\n'))
          const engine = createSigmaEngine(set)
          for (const fields of events) {
            const event = normalise({ logsource: { product: 'windows', category: 'process_creation' }, ...fields })
            const asked = set.rules.filter(({ node }) => node.holds(event.view)).map(({ id }) => id)
            const hits = engine.judge(event, 0).map(({ about }) => about.id)
            expect(hits.toSorted()).toEqual(asked.toSorted())
          }
        },
      ),
      { numRuns: 400 },
    )
  })

  it('finds every part that stands in a text, wherever', () => {
    const part = fc.string({ unit: fc.constantFrom('a', 'b', 'ü', '💥'), minLength: 3, maxLength: 6 })
    fc.assert(
      fc.property(
        fc.uniqueArray(part, { maxLength: 20 }),
        fc.string({ unit: fc.constantFrom('a', 'b', 'ü', '💥'), maxLength: 30 }),
        (parts, text) => {
          const index = new PartIndex<string>()
          for (const each of parts) index.add(each, each)
          const found = new Set<string>()
          index.search(text, (owners) => owners.forEach((owner) => void found.add(owner)))
          expect([...found].sort()).toEqual(parts.filter((each) => text.includes(each)).sort())
        },
      ),
    )
  })

  it('asks few of a thousand rules', () => {
    const documents = Array.from({ length: 1_000 }, (_, n) =>
      ruleOf(`s: { A|endswith: tool${n}.exe, B|contains: [' -x${n} ', secret] }\ncondition: s`, `r${n}`),
    )
    const set = setOf(documents.join('---\n'))
    let asked = 0
    for (const { node } of set.rules) {
      const holds = node.holds
      node.holds = (view) => {
        asked += 1
        return holds(view)
      }
    }
    const engine = createSigmaEngine(set)
    const event = normalise({ logsource: { product: 'windows', category: 'process_creation' }, A: 'c:\\TOOL77.exe', B: 'tool77 -x77 y' })
    expect(engine.judge(event, 0).map(({ about }) => about.id)).toEqual(['r77'])
    expect(asked).toBeLessThanOrEqual(2)
  })
})
