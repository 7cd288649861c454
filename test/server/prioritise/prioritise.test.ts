import { describe, expect, it } from 'vitest'
import type { Role } from '#shared/domain/endpoint.ts'
import type { Severity } from '#shared/domain/severity.ts'
import type { Subject, Trouble } from '../../../server/changes.ts'
import { prioritise } from '../../../server/prioritise/prioritise.ts'
import { defaultMatrix } from '../../support/desk-room.ts'

const matrix = await defaultMatrix()
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
    expect(prioritise(matrix, byGrid, troubleOf(severity), subjectOf(role)).priority).toBe(priority),
  )

  it('takes a security signal’s impact from what it threatens', () => {
    const found = prioritise(matrix, byGrid, troubleOf('critical', 'security.thing'), subjectOf('workstation'))
    expect(found).toMatchObject({ impact: 'high', priority: 'P1' })
    expect(prioritise(matrix, byGrid, troubleOf('medium', 'security.thing'), subjectOf('workstation'))).toMatchObject({
      impact: 'medium',
      priority: 'P3',
    })
    expect(prioritise(matrix, byGrid, troubleOf('low', 'security.thing'), subjectOf('core'))).toMatchObject({
      impact: 'high',
      priority: 'P3',
    })
  })

  it('takes a person’s word for urgency, and never over what a route allows', () => {
    const request = (role: Role | null) =>
      prioritise(matrix, { ...byGrid, atMost: 'P2' }, troubleOf('low', 'request.desk', 'high'), subjectOf(role))
    expect(request('workstation')).toMatchObject({ urgency: 'high', priority: 'P3' })
    expect(request(null)).toMatchObject({ impact: 'low', priority: 'P3' })
    expect(request('core')).toMatchObject({
      priority: 'P2',
      reasons: [expect.stringContaining('make P1'), expect.stringContaining('not go over P2')],
    })
  })

  it('gives way to a route that fixes it, and says which', () => {
    const fixed = { name: 'row', priority: { workstation: 'P4', server: 'P3', core: 'P2' } } as const
    expect(prioritise(matrix, fixed, troubleOf('critical'), subjectOf('unknown'))).toMatchObject({
      priority: 'P3',
      reasons: ['The route “row” says P3 for a server.'],
    })
  })

  it('says why, as a sentence', () => {
    expect(prioritise(matrix, byGrid, troubleOf('medium'), subjectOf('core')).reasons).toEqual([
      'Impact high (it hits a core machine) and urgency medium (severity medium) make P2.',
    ])
  })
})
