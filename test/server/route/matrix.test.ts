import { readFile } from 'node:fs/promises'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Role } from '#shared/domain/endpoint.ts'
import { Severity } from '#shared/domain/severity.ts'
import { fitsKind } from '#shared/domain/signal.ts'
import type { Subject, Trouble } from '../../../server/pipeline/changes.ts'
import { prioritise } from '../../../server/prioritise/prioritise.ts'
import { match } from '../../../server/route/match.ts'
import { loadMatrix, parseMatrix, problemLine } from '../../../server/route/matrix.ts'
import { keepMatrix, route } from '../../../server/route/route.ts'
import { defaultMatrix, matrixFile, openDeskRoom } from '../../support/desk-room.ts'

const yaml = await readFile(matrixFile, 'utf8')
const matrix = await defaultMatrix()

const problemsOf = (text: string): string[] => {
  const parsed = parseMatrix(text)
  return parsed.kind === 'bad' ? parsed.problems.map((problem) => problemLine('m.yaml', problem)) : []
}
const lineOf = (needle: string): number => yaml.slice(0, yaml.indexOf(needle)).split('\n').length
const damaged = (from: string, to: string): string[] => {
  expect(yaml).toContain(from)
  return problemsOf(yaml.replace(from, to))
}

describe('a bad matrix is refused with line, column, path and reason', () => {
  it.each([
    ['a word nobody knows', 'digest: { at:', 'digest: { att:', /digest\.att: nobody knows this word here/],
    ['a tier there is none of', 'field: { tier: field', 'field: { tier: garden', /teams\.field\.tier: /],
    [
      'no duration',
      'P1: { respond: 15m, resolve: 4h, calendar: office }',
      'P1: { respond: soon, resolve: 4h, calendar: office }',
      /"soon" is no duration/,
    ],
    ['a calendar that stands nowhere', 'whenPaged: always }', 'whenPaged: never }', /there is no calendar "never"/],
    [
      'a team that stands nowhere',
      'team: { workstation: tier1, server: tier1, core: tier2 }',
      'team: { workstation: tier1, server: tier1, core: tier9 }',
      /there is no team "tier9"/,
    ],
    [
      'no containment',
      'contain: { workstation: auto,',
      'contain: { workstation: maybe,',
      /routes\.0\.contain\.workstation: "maybe" is no containment/,
    ],
    ['a day that ends before it begins', "from: '08:00'", "from: '19:00'", /a day ends after it begins/],
    [
      'a calendar without a day',
      'days: [mon, tue, wed, thu, fri],',
      'days: [],',
      /calendars\.office\.days: a calendar without a day has no hours/,
    ],
    [
      'a time zone nobody knows',
      'holidays: [] }',
      'holidays: [], timeZone: Europe/Atlantis }',
      /office\.timeZone: nobody knows this time zone/,
    ],
    ['a second route of one name', 'name: canary-edited', 'name: canary-unreadable', /a second route is named/],
    ['a severity there is none of', 'severity: { atMost: medium }', 'severity: { atMost: awful }', /routes\.2\.severity\.atMost/],
    ['an unknown power', 'powers: [work-tickets, answer-ask on workstation,', 'powers: [work-tickets, fly,', /"fly" is no power/],
    [
      'a box that leads nowhere',
      'P1: { box: 5m, from: arrival, to: tier3 }',
      'P1: { box: 5m, from: arrival, to: heaven }',
      /there is no team "heaven"/,
    ],
  ])('%s', (_name, from, to, reason) => {
    const found = damaged(from, to)
    const problem = found.find((each) => reason.test(each))
    expect(problem, found.join('\n')).toBeDefined()
    const line = Number(/^m\.yaml:(\d+):\d+ /.exec(problem ?? '')?.[1])
    expect(Math.abs(line - lineOf(from))).toBeLessThanOrEqual(from.split('\n').length)
  })

  it('YAML that is none', () => {
    expect(problemsOf('calendars: [\n  a: b\n')[0]).toMatch(/^m\.yaml:\d+:\d+ /)
    expect(problemsOf('just a word')[0]).toMatch(/^m\.yaml:1:1 /)
  })

  it('a last route that lets something through', () => {
    expect(problemsOf(yaml.slice(0, yaml.lastIndexOf('  - name: rest\n')))[0]).toContain('the last route must take every kind')
  })

  it('a file that is not there', async () => {
    expect(await loadMatrix('/nowhere/matrix.yaml')).toMatchObject({
      kind: 'bad',
      problems: [{ reason: expect.stringContaining("can't be read") }],
    })
  })
})

const alone = { machines: 1, siteMachines: null, isOpen: () => true, dayOfMonth: () => 1 }

describe('the matrix that ships', () => {
  const subjectOf = (role: Role): Subject => ({
    organisation: { id: 'o', name: 'O', mode: 'live', plan: 'standard', timeZone: 'UTC' },
    ...{ site: null, endpoint: { id: 'e', hostname: 'e' }, role, roleSource: 'facts', isolation: null },
  })
  const troubleOf = (kind: string, severity: Trouble['severity'], facts: Trouble['facts'] = {}): Trouble => ({
    ...{
      signalId: 's',
      kind,
      severity,
      state: 'happened',
      fingerprint: kind,
      summary: kind,
      facts,
      ageMs: 0,
      happenedAt: null,
      source: 'agent',
      urgency: null,
    },
  })
  const decisionOf = (trouble: Trouble, role: Role) => {
    const rule = match(matrix, trouble, subjectOf(role))
    const found = prioritise(matrix, rule, trouble, subjectOf(role), alone)
    return { ...route(matrix, rule, found.priority, trouble, subjectOf(role)), priority: found.priority }
  }
  const kinds = [...new Set(matrix.routes.flatMap(({ kind }) => kind))].map((kind) =>
    kind.replace('*', 'something').replace(/^something$/, 'some.thing'),
  )
  const roles: Role[] = ['workstation', 'server', 'core', 'unknown']

  it('sends every critical security signal to security as a P1, past every tier', () => {
    const change = fc.constantFrom('unreadable', 'edited', 'deleted', undefined)
    fc.assert(
      fc.property(fc.constantFrom(...kinds, 'security.new.thing'), fc.constantFrom(...roles), change, (kind, role, changed) => {
        if (!kind.startsWith('security.')) return
        const { tier, priority, becomes } = decisionOf(troubleOf(kind, 'critical', changed ? { change: changed } : {}), role)
        expect({ kind, tier, priority, becomes }).toEqual({ kind, tier: 'security', priority: 'P1', becomes: 'ticket' })
      }),
    )
  })

  it('isolates by itself only a workstation whose files are encrypted, or with a canary that is unreadable or one of two', () => {
    fc.assert(
      fc.property(fc.constantFrom(...kinds), fc.constantFrom(...Severity.options), fc.constantFrom(...roles), (kind, severity, role) => {
        const isEncrypted = kind === 'security.ransomware.encryption' && severity === 'critical' && role === 'workstation'
        expect(decisionOf(troubleOf(kind, severity), role).contain.kind === 'auto').toBe(isEncrypted)
      }),
    )
    const canary = (facts: Trouble['facts']) => troubleOf('security.ransomware.canary', 'critical', facts)
    expect(decisionOf(canary({ change: 'edited', canariesTouched: 2 }), 'workstation').contain.kind).toBe('auto')
    expect(decisionOf(canary({ change: 'edited', canariesTouched: 1 }), 'workstation').contain).toMatchObject({
      kind: 'ask',
      otherwise: 'leave',
    })
    for (const role of ['core', 'unknown'] as const) {
      expect(decisionOf(canary({ change: 'unreadable' }), role).contain).toMatchObject({ kind: 'ask', otherwise: 'leave' })
    }
  })

  it('never lets a machine nobody knows be better off than a server in priority', () => {
    for (const kind of kinds)
      for (const severity of Severity.options) {
        expect(decisionOf(troubleOf(kind, severity), 'unknown').priority).toBe(decisionOf(troubleOf(kind, severity), 'server').priority)
      }
  })

  it('takes every kind and severity there can be', () => {
    const word = fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/)
    fc.assert(
      fc.property(
        fc.array(word, { minLength: 2, maxLength: 4 }),
        fc.constantFrom(...Severity.options),
        fc.constantFrom(...roles),
        (words, severity, role) => {
          const decision = decisionOf(troubleOf(words.join('.'), severity), role)
          expect(matrix.teams[decision.team]).toBeDefined()
          expect(decision.reasons().length).toBeGreaterThan(1)
        },
      ),
    )
  })

  it('becomes a line of the digest on the plan "watch" where nothing is promised, security excepted', () => {
    const watched = { ...subjectOf('server'), organisation: { ...subjectOf('server').organisation, plan: 'watch' } }
    const rule = match(matrix, troubleOf('health.disk.full', 'medium'), watched)
    expect(route(matrix, rule, 'P3', troubleOf('health.disk.full', 'medium'), watched).becomes).toBe('digest')
    expect(route(matrix, rule, 'P2', troubleOf('health.disk.full', 'medium'), watched).becomes).toBe('ticket')
    const canary = troubleOf('security.ransomware.canary', 'medium', { change: 'deleted' })
    expect(route(matrix, match(matrix, canary, watched), 'P3', canary, watched).becomes).toBe('ticket')
  })

  it('grants powers by team, and those for one role only with that role', () => {
    expect(matrix.powersOf(['tier1'])).toEqual(['work-tickets', 'look-after'])
    expect(matrix.powersOf(['tier1'], 'workstation')).toEqual(['work-tickets', 'look-after', 'run-library'])
    expect(matrix.powersOf(['tier2'])).toEqual(['work-tickets', 'look-after', 'run-library'])
    expect(matrix.powersOf(['tier2'], 'workstation')).toContain('answer-ask')
    expect(matrix.powersOf(['tier2'], 'server')).not.toContain('answer-ask')
    expect(matrix.powersOf(['tier1', 'security']).toSorted()).toEqual(
      ['work-tickets', 'look-after', 'answer-ask', 'isolate', 'release', 'run-anything'].toSorted(),
    )
    expect(matrix.powersOf(['admin'])).toContain('administer')
    expect(matrix.powersOf(['no such team'])).toEqual([])
  })
})

describe('matching', () => {
  it.each([
    ['health.*', 'health.disk.full', true],
    ['health.*', 'healthy.thing', false],
    ['health.*', 'health', false],
    ['*', 'anything.at.all', true],
    ['health.disk.full', 'health.disk.full', true],
    ['health.disk.full', 'health.disk.fuller', false],
  ])('%s fits %s: %s', (pattern, kind, fits) => expect(fitsKind(pattern, kind)).toBe(fits))
})

it('a matrix gets a new version when its text changes, and keeps it otherwise', async () => {
  const room = await openDeskRoom()
  const again = await keepMatrix(room.store.db, matrix, 'test', 1)
  expect(again.version).toBe(1)
  const changed = parseMatrix(`${yaml}\n# a word more\n`)
  if (changed.kind === 'bad') throw new Error('it should be fine')
  expect((await keepMatrix(room.store.db, changed.matrix, 'test', 2)).version).toBe(2)
  expect((await keepMatrix(room.store.db, changed.matrix, 'test', 3)).version).toBe(2)
  expect(await room.store.db.selectFrom('matrix_versions').select(['version', 'author']).execute()).toHaveLength(2)
  await room.close()
})
