import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { detectors } from '../../../agent/sense/detectors.ts'
import { healthDetectors } from '../../../agent/sense/health-detectors.ts'

/* Every kind of the defaults that a machine can show has something in the agent that raises it. */
const top = join(import.meta.dirname, '../../..')

/** Said by people or by the collector itself; everything else is the agent's to notice. */
const notOurs =
  /^(?:presence|request|system|desk|problem|task)\.|^health\.(?:endpoint|source)\.noisy$|^security\.(?:user\.reported|identity\.duplicate|containment\.held|ransomware\.through-share|logon\.from-here|\*)$/

/** Families of kinds, and those of them that the agent can raise. */
const families: Record<string, readonly string[]> = {
  'health.update.*': ['health.update.missing', 'health.update.failed', 'health.update.reboot-pending'],
  'health.lifecycle.*': ['health.lifecycle.age', 'health.lifecycle.battery', 'health.lifecycle.disk', 'health.lifecycle.end-of-life'],
  'network.path.*': [
    'network.path.loss',
    'network.path.delay',
    'network.path.dns',
    'network.path.no-route',
    'network.path.address-conflict',
  ],
  'security.sigma.*': ['security.sigma.'],
  'security.logon.bruteforce': ["'bruteforce'"],
  'security.logon.spray': ["'spray'"],
}

/** The defaults are what the matrix ships; it is in every checkout. */
const matrix = readFileSync(join(top, 'server/route/default-matrix.yaml'), 'utf8')
const named = [...matrix.matchAll(/^ +kind: (.+)$/gm)].flatMap(([, kinds = '']) => kinds.replace(/[[\]'"]/g, '').split(/, */))
const kinds = [...new Set(named)].filter((kind) => /^[a-z]+\.[a-z.*-]+$/.test(kind) && !notOurs.test(kind)).sort()

const said = globSync('agent/**/*.ts', { cwd: top })
  .map((path) =>
    readFileSync(join(top, path), 'utf8')
      .replace(/\/\*[\s\S]*?\*\//g, '')
      .replace(/^\s*\/\/.*$/gm, ''),
  )
  .join('\n')

const isRaised = (kind: string): boolean =>
  said.includes(`'${kind}'`) || said.includes(`\`${kind}`) || (kind.startsWith("'") && said.includes(kind))

describe('kinds', () => {
  it('of the matrix are found there', () => expect(kinds.length).toBeGreaterThan(20))

  it.each(kinds)('%s has whoever raises it', (kind) => {
    for (const each of families[kind] ?? [kind]) expect(isRaised(each), each).toBe(true)
  })

  it.skipIf(!existsSync(join(top, '../shared/design/defaults.md')))('of the defaults stand in the matrix', () => {
    const rows = readFileSync(join(top, '../shared/design/defaults.md'), 'utf8').matchAll(/^\| \d+ \| (`[^|]+) \|/gm)
    const wanted = [...rows].flatMap(([, cell = '']) => [...cell.matchAll(/`([^`]+)`/g)].map(([, kind = '']) => kind))
    // The two that the last row of security takes, by their severity alone.
    const bySeverity = ['security.logon.unusual', 'security.network.listener']
    for (const kind of bySeverity) expect(isRaised(kind), kind).toBe(true)
    const isKind = (text: string): boolean => /^[a-z]+\.[a-z.*-]+$/.test(text)
    expect(wanted.filter((kind) => isKind(kind) && !named.includes(kind))).toEqual(bySeverity)
  })
})

describe('detectors', () => {
  it.each(detectors.map((each) => [each.name, each] as const))('%s says on which systems it runs', (_, { platforms }) =>
    expect(platforms.length).toBeGreaterThan(0),
  )

  it.each(healthDetectors.map((each) => [each.name, each] as const))('%s says what to do first', (_, { runbook }) =>
    expect(runbook).toMatch(/^[A-Z].{15,}[.!]$/s),
  )
})
