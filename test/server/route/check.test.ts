import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { parseMatrix, problemLine } from '../../../server/route/matrix.ts'
import { matrixFile } from '../../support/desk-room.ts'

const yaml = await readFile(matrixFile, 'utf8')

/** Errors and warnings of the shipped matrix with these texts replaced, as lines. */
function checked(...changes: [from: string, to: string][]): { errors: string[]; warnings: string[]; yaml: string } {
  const changed = changes.reduce((text, [from, to]) => {
    expect(text).toContain(from)
    return text.replace(from, to)
  }, yaml)
  const parsed = parseMatrix(changed)
  const said = (parsed.kind === 'bad' ? parsed.problems : parsed.warnings).map((each) => problemLine('m.yaml', each))
  return parsed.kind === 'bad' ? { errors: said, warnings: [], yaml: changed } : { errors: [], warnings: said, yaml: changed }
}

const lineOf = (text: string, needle: string): number => text.slice(0, text.indexOf(needle)).split('\n').length
/** A route put before the first one. */
const first = (...lines: string[]): [string, string] => [
  'routes:\n',
  `routes:\n  - name: own\n${lines.map((line) => `    ${line}\n`).join('')}`,
]
/** A route put before the last ones. */
const late = (...lines: string[]): [string, string] => [
  '  - name: rest-info\n',
  `  - name: own\n${lines.map((line) => `    ${line}\n`).join('')}  - name: rest-info\n`,
]

it('the matrix that ships passes without a word', () => {
  expect(checked()).toMatchObject({ errors: [], warnings: [] })
})

describe('critical security that could reach another tier is refused', () => {
  const leaks = /critical security could/
  it.each([
    ['a route of its own', first('kind: security.dlp.copied', 'team: tier2')],
    ['a wide one', first('kind: security.*', 'team: tier1')],
    ['everything of a customer', first("kind: '*'", 'organisation: Acme', 'team: tier2')],
    ['everything that says a word', first("kind: '*'", 'words: printer', 'team: tier1')],
    ['only with some facts', first('kind: security.malware.found', 'facts: { state: removed }', 'team: tier1')],
    ['only for one role', first('kind: security.x', 'team: { workstation: tier1, server: security, core: security }')],
    ['a digest', first('kind: security.x', 'becomes: digest', 'team: security')],
  ] as const)('%s', (_name, route) => expect(checked(route).errors).toContainEqual(expect.stringMatching(leaks)))

  it.each([
    ['what is high at most', first('kind: security.dlp.copied', 'severity: { atMost: high }', 'team: tier2')],
    ['another kind', first('kind: securityish.thing', 'team: tier2')],
    ['what a route above has taken', late("kind: '*'", 'facts: { by: person }', 'team: tier1')],
    ['what a second team of the tier has', first('kind: security.x', 'team: security', 'page: core')],
  ] as const)('but not %s', (_name, route) => expect(checked(route).errors).toEqual([]))

  it('names the line of the route', () => {
    const { errors, yaml: changed } = checked(first('kind: security.dlp.copied', 'team: tier2'))
    expect(errors[0]).toMatch(new RegExp(`^m\\.yaml:${lineOf(changed, 'team: tier2')}:5 routes\\.0\\.team: `))
  })

  it('by the end of a box', () => {
    const out: [string, string] = [
      'P2: { box: 4h, from: arrival, to: stays }\n    P3: { box: 24h',
      'P2: { box: 4h, from: arrival, to: tier2 }\n    P3: { box: 24h',
    ]
    expect(checked(out).errors).toEqual([
      expect.stringMatching(/timeBoxes\.security\.P2\.to: a ticket of security would leave it for tier2/),
    ])
  })

  it('by a plan that promises nothing', () => {
    const [start, end] = [yaml.indexOf('    security:\n      P1: { respond'), yaml.indexOf('# ── When it moves')]
    const bare: [string, string] = [yaml.slice(start - '  teams:\n'.length, end), '  teams: {}\n']
    expect(checked(bare).errors).toEqual([
      expect.stringMatching(/promises\.plans\.watch\.P3: security could end as a digest/),
      expect.stringMatching(/promises\.plans\.watch\.P4: /),
    ])
  })
})

describe('circles are refused', () => {
  it('of boxes', () => {
    const circle: [string, string] = ['P2: { box: 2h, from: work, to: tier3 }', 'P2: { box: 2h, from: work, to: tier1 }']
    const { errors, yaml: changed } = checked(circle)
    expect(errors).toEqual([expect.stringMatching(/timeBoxes\.tier1\.P2\.to: boxes go in a circle: tier1 → tier2 → tier1/)])
    expect(errors[0]).toMatch(new RegExp(`^m\\.yaml:${lineOf(changed, 'P2: { box: 15m')}:`))
  })

  it('of one', () => {
    expect(checked(['P1: { box: 60m, from: arrival, to: stays }', 'P1: { box: 60m, from: arrival, to: tier3 }']).errors).toEqual([
      expect.stringMatching(/timeBoxes\.tier3\.P1\.to: boxes go in a circle: tier3 → tier3/),
    ])
  })

  it('of teams without members', () => {
    expect(checked(['run-library on workstation], passesTo: tier2 }', 'run-library on workstation], passesTo: tier1 }']).errors).toEqual([
      expect.stringMatching(/teams\.tier1\.passesTo: teams without members pass on in a circle: tier1 → tier1/),
    ])
  })
})

describe('a route that no signal gets to is refused', () => {
  it.each([
    ['because one above takes it', ['kind: system.disk', 'team: tier2'], late, /“system-critical”, “system” above take all of it/],
    [
      'because one above takes it, whatever its facts',
      ['kind: system.disk', 'facts: { a: 1 }', 'team: tier2'],
      late,
      /“system” above take all of it/,
    ],
    [
      'because several above take it together',
      ['kind: presence.silent', 'severity: high', 'team: tier2'],
      late,
      /“silent-workstation”, “silent” above/,
    ],
    ['because nothing fits', ['kind: x.y', 'severity: { atLeast: high, atMost: low }', 'team: tier2'], first, /no signal fits/],
  ] as const)('%s', (_name, lines, put, reason) => expect(checked(put(...lines)).errors).toEqual([expect.stringMatching(reason)]))

  it.each([
    ['bounds that cross', ['facts: { free: { atLeast: 10, atMost: 5 } }'], /routes\.0\.facts: no signal fits: nothing that free may be/],
    ['a value beyond its bounds', ['facts: { free: { is: 3, atLeast: 5 } }'], /no signal fits/],
    [
      'facts against every one of anyOf',
      ['facts: { free: { atMost: 5 } }', 'anyOf: [{ free: { atLeast: 6 } }, { free: 7 }]'],
      /no signal fits/,
    ],
    ['each of anyOf', ['anyOf: [{ free: { atLeast: 2, atMost: 1 } }]'], /routes\.0\.anyOf: no signal fits/],
  ] as const)('because its conditions can never both be met: %s', (_name, lines, reason) =>
    expect(checked(first('kind: x.y', ...lines, 'team: tier2')).errors).toEqual([expect.stringMatching(reason)]),
  )

  it.each([
    'facts: { free: { atLeast: 5, atMost: 5 } }',
    'facts: { free: { oneOf: [1, 9], atLeast: 5 } }',
    'anyOf: [{ free: { atLeast: 2, atMost: 1 } }, { free: 1 }]',
    // A list may hold both.
    'facts: { tried: a }\n    anyOf: [{ tried: b }]',
  ])('but not because of %s', (line) => expect(checked(first('kind: x.y', line, 'team: tier2')).errors).toEqual([]))

  it('but not when facts, tags, words or roles above leave some of it', () => {
    const second = late('kind: x.y', 'team: tier2')
    const below: [string, string] = [second[0], second[1].replace('own', 'second')]
    const taking = (...lines: string[]) => checked(first('kind: x.y', ...lines, 'team: tier1'), below)
    for (const asked of ['facts: { a: 1 }', 'tags: pos', 'words: printer', 'role: [core]', 'state: raised', 'organisation: Acme'])
      expect(taking(asked)).toMatchObject({ errors: [], warnings: [] })
    expect(taking().errors).toEqual([expect.stringMatching(/routes\.\d+: no signal gets here: “own” above take all of it/)])
  })

  it('and warned of, when only some of its kinds are dead', () => {
    expect(checked(late('kind: [system.disk, x.y]', 'team: tier2')).warnings).toEqual([expect.stringMatching(/no system\.disk gets here/)])
  })
})

it('a route that changes nothing is warned of', () => {
  const needless = checked(late('kind: health.printer', 'severity: info', 'becomes: record', 'team: tier1'))
  expect(needless.warnings).toEqual([expect.stringMatching(/it changes nothing: “rest-info” below/)])
})
