import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Rule, Sample } from './architecture/rule.ts'
import { readSources, sourceOf } from './architecture/source.ts'

/*
 * The house, held against the code. Each file in architecture/rules is one rule; it brings its own planted violations,
 * so that a rule which has gone blind fails here too.
 */
const top = join(import.meta.dirname, '..')
const folder = join(import.meta.dirname, 'architecture/rules')
const rules = await Promise.all(readdirSync(folder).map(async (file) => ({ file, rule: await load(file) })))
const sources = readSources(top)

async function load(file: string): Promise<Rule> {
  const module = (await import(join(folder, file))) as { default: Rule }
  return module.default
}

const labelled = (sample: Sample) => ({ ...sample, label: `${sample.path}: ${sample.text.split('\n')[0]}` })

describe.each(rules)('$file', ({ rule }) => {
  it(rule.says, () => {
    expect(rule.check(sources).map(({ path, line, what }) => `${path}:${line} ${what}`)).toEqual([])
  })

  it.each(rule.planted.map(labelled))('fails on a planted violation: $label', ({ path, text }) => {
    expect(rule.check([sourceOf(path, text)])).toHaveLength(1)
  })

  it.each(rule.allowed.map(labelled))('lets pass: $label', ({ path, text }) => {
    expect(rule.check([sourceOf(path, text)])).toEqual([])
  })
})

it('looks at the whole project', () => {
  expect(sources.length).toBeGreaterThan(20)
})
