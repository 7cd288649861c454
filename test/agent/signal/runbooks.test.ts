import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Facts } from '#shared/domain/signal.ts'
import { makeSignal } from '../../../agent/signal/make-signal.ts'
import { runbookFor } from '../../../agent/signal/runbooks.ts'

const agent = join(import.meta.dirname, '../../../agent')

/** Kinds whose end is filled in, and all that it can be. */
const filledIn: Record<string, readonly string[]> = {
  'security.isolation.': ['code-right', 'code-wrong', 'code-locked'],
  'security.logon.': ['bruteforce', 'spray'],
  'security.persistence.': ['dangerous', 'new'],
  'security.sigma.': ['a-rule'],
}

/** What the agent's code calls a kind; health detectors say what to do first themselves, and their own test holds it. */
const kindsIn = (text: string): string[] => {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '')
  const found = [...code.matchAll(/['`]((?:security|health|network|system)\.[a-z.-]*)(?:['`]|(\$\{))/g)]
  return found.flatMap(([, kind = '', isFilledIn]) => (isFilledIn ? (filledIn[kind] ?? [`${kind}?`]).map((end) => kind + end) : [kind]))
}
const isKind = (text: string): boolean => !/\.(?:journal|json)$/.test(text)
const paths = globSync('**/*.ts', { cwd: agent }).filter((path) => !/^sense\/(?:health|disk)\//.test(path) && path !== 'signal/runbooks.ts')
const kinds = [...new Set(paths.flatMap((path) => kindsIn(readFileSync(join(agent, path), 'utf8'))))].filter(isKind).sort()

const said = { id: 'x'.repeat(20), detector: 'd', state: 'happened' as const, sensedAt: 1 }
const finding = { severity: 'high' as const, about: 'x', summary: 'x' }

describe('what to do first', () => {
  it('is looked for where kinds are', () => expect(kinds.length).toBeGreaterThan(30))

  it.each(kinds)('%s has a sentence for it', (kind) => {
    expect(runbookFor(kind)).toMatch(/^[A-Z].{30,240}\.$/)
    expect(makeSignal({ kind, ...finding }, said).facts.runbook).toBe(runbookFor(kind))
  })

  it('stays where there are too many facts, or too large ones', () => {
    const kind = 'security.malware.found'
    const many = Object.fromEntries(Array.from({ length: 150 }, (_, number) => [`fact${number}`, number]))
    const large = Object.fromEntries(Array.from({ length: 90 }, (_, number) => [`fact${number}`, 'x'.repeat(4_096)]))
    for (const facts of [many, large]) {
      const signal = makeSignal({ kind, ...finding, facts }, said)
      expect(signal.facts.runbook).toBe(runbookFor(kind))
      expect(Facts.safeParse(signal.facts).success).toBe(true)
    }
  })

  it('of a health detector is its own, unless the kind has one', () => {
    const facts = { runbook: 'Look at the disk.' }
    expect(makeSignal({ kind: 'health.disk.full', ...finding, facts }, said).facts).toEqual(facts)
    expect(makeSignal({ kind: 'security.network.spoof', ...finding, facts }, said).facts.runbook).toBe(runbookFor('security.network.spoof'))
  })
})
