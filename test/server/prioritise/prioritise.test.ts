import { describe, expect, it } from 'vitest'
import type { Role } from '#shared/domain/endpoint.ts'
import type { Severity } from '#shared/domain/severity.ts'
import type { Subject, Trouble } from '../../../server/pipeline/changes.ts'
import { type Circumstances, prioritise } from '../../../server/prioritise/prioritise.ts'
import { defaultMatrix } from '../../support/desk-room.ts'

const matrix = await defaultMatrix()
const alone: Circumstances = { machines: 1, siteMachines: null, isOpen: () => true, dayOfMonth: () => 1 }
const prioritised = (rule: Parameters<typeof prioritise>[1], trouble: Trouble, subject: Subject, now = alone) =>
  prioritise(matrix, rule, trouble, subject, now)
const byGrid = { name: 'some-route' }
const subjectOf = (role: Role | null): Subject => ({
  organisation: { id: 'o', name: 'O', mode: 'live', plan: 'standard', timeZone: 'UTC' },
  ...{
    site: null,
    endpoint: role === null ? null : { id: 'e', hostname: 'e' },
    role: role ?? 'unknown',
    roleSource: 'facts',
    isolation: null,
  },
})
const troubleOf = (severity: Severity, kind = 'some.thing', urgency: Trouble['urgency'] = null): Trouble => ({
  ...{
    signalId: 's',
    kind,
    severity,
    state: 'raised',
    fingerprint: 'f',
    summary: 'x',
    facts: {},
    ageMs: 0,
    happenedAt: null,
    source: 'agent',
    urgency,
  },
})

describe('impact × urgency', () => {
  it.each([
    ['workstation', 'critical', 'P3'],
    ['workstation', 'medium', 'P4'],
    ['workstation', 'low', 'P4'],
    ['server', 'high', 'P2'],
    ['server', 'medium', 'P3'],
    ['server', 'low', 'P4'],
    ['core', 'critical', 'P1'],
    ['core', 'medium', 'P2'],
    ['core', 'info', 'P3'],
    ['unknown', 'high', 'P2'],
  ] as const)('%s, %s → %s', (role, severity, priority) =>
    expect(prioritised(byGrid, troubleOf(severity), subjectOf(role)).priority).toBe(priority),
  )

  it('takes a security signal’s impact from what it threatens', () => {
    const found = prioritised(byGrid, troubleOf('critical', 'security.thing'), subjectOf('workstation'))
    expect(found).toMatchObject({ impact: 'high', priority: 'P1' })
    expect(prioritised(byGrid, troubleOf('medium', 'security.thing'), subjectOf('workstation'))).toMatchObject({
      impact: 'medium',
      priority: 'P3',
    })
    expect(prioritised(byGrid, troubleOf('low', 'security.thing'), subjectOf('core'))).toMatchObject({
      impact: 'high',
      priority: 'P3',
    })
  })

  it('takes a person’s word for urgency, and never over what a route allows', () => {
    const request = (role: Role | null) =>
      prioritised({ ...byGrid, atMost: 'P2' }, troubleOf('low', 'request.desk', 'high'), subjectOf(role))
    expect(request('workstation')).toMatchObject({ urgency: 'high', priority: 'P3' })
    expect(request(null)).toMatchObject({ impact: 'low', priority: 'P3' })
    expect(request('core')).toMatchObject({
      priority: 'P2',
      reasons: [expect.stringContaining('make P1'), expect.stringContaining('not go over P2')],
    })
  })

  describe('by number', () => {
    const many = (machines: number, siteMachines: number | null = null) => ({ ...alone, machines, siteMachines })
    const disk = troubleOf('medium', 'health.disk.full')
    it.each([
      ['two machines change nothing', 2, null, 'P4'],
      ['three of a large site are medium', 3, 100, 'P3'],
      ['a fifth of a site', 4, 20, 'P3'],
      ['half of a small site, and at least three', 3, 6, 'P2'],
      ['two of three are no site', 2, 3, 'P4'],
      ['ten machines', 10, 1_000, 'P2'],
    ] as const)('%s', (_name, machines, siteMachines, priority) =>
      expect(prioritised(byGrid, disk, subjectOf('workstation'), many(machines, siteMachines)).priority).toBe(priority),
    )

    it('stops at P2, except what goes from machine to machine', () => {
      const worst = (kind: string) => prioritised(byGrid, troubleOf('high', kind), subjectOf('workstation'), many(20)).priority
      expect(worst('health.disk.full')).toBe('P2')
      expect(worst('network.path.gateway')).toBe('P1')
      expect(worst('presence.silent')).toBe('P1')
    })

    it('raises what a route fixes, says so, and lowers nothing', () => {
      const fixed = { name: 'row', priority: { workstation: 'P4', server: 'P3', core: 'P1' } } as const
      expect(prioritised(fixed, disk, subjectOf('workstation'), many(3)).reasons).toEqual([
        'The route “row” says P4 for a workstation.',
        '3 machines have it: impact medium, so it is a P3.',
      ])
      expect(prioritised(fixed, disk, subjectOf('core'), many(3)).priority).toBe('P1')
    })
  })

  it('counts a tag on its days and in its hours only', () => {
    const tagged = (tag: string): Subject => ({ ...subjectOf('workstation'), endpoint: { id: 'e', hostname: 'e', tags: [tag] } })
    const impactOn = (tag: string, dayOfMonth: number, isOpen: boolean) =>
      prioritised(byGrid, troubleOf('medium'), tagged(tag), { ...alone, isOpen: () => isOpen, dayOfMonth: () => dayOfMonth }).impact
    expect([impactOn('payroll', 27, false), impactOn('payroll', 3, true)]).toEqual(['high', 'low'])
    expect([impactOn('pos', 3, true), impactOn('pos', 3, false)]).toEqual(['high', 'low'])
    expect(impactOn('vip', 27, true)).toBe('low')
  })

  it('takes what people say of who else is hit, up to what a route allows', () => {
    const request = (affects: string) =>
      prioritised(
        { ...byGrid, atMost: 'P2' },
        { ...troubleOf('high', 'request.desk', 'high'), facts: { affects } },
        subjectOf('workstation'),
      )
    expect(request('me')).toMatchObject({ impact: 'low', priority: 'P3' })
    expect(request('several')).toMatchObject({ impact: 'medium', priority: 'P2' })
    expect(request('everyone')).toMatchObject({ impact: 'high', priority: 'P2' })
  })

  it('gives way to a route that fixes it, and says which', () => {
    const fixed = { name: 'row', priority: { workstation: 'P4', server: 'P3', core: 'P2' } } as const
    expect(prioritised(fixed, troubleOf('critical'), subjectOf('unknown'))).toMatchObject({
      priority: 'P3',
      reasons: ['The route “row” says P3 for a server.'],
    })
  })

  it('says why, as a sentence', () => {
    expect(prioritised(byGrid, troubleOf('medium'), subjectOf('core')).reasons).toEqual([
      'Impact high (it hits a core machine) and urgency medium (severity medium) make P2.',
    ])
  })
})
