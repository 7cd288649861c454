import { describe, expect, it } from 'vitest'
import { compareSeverity, Severity } from '#shared/domain/severity.ts'
import { Facts, isSecurity, SignalKind } from '#shared/domain/signal.ts'

describe('a kind', () => {
  it.each(['health.disk.full', 'security.sigma.proc-creation-1', 'request.mail'])('%s is one', (kind) => {
    expect(SignalKind.safeParse(kind).success).toBe(true)
  })

  it.each(['health', 'Health.disk', 'health..disk', '.health.disk', 'health.disk.', 'health disk.full', "health.disk'; drop"])(
    '%s is none',
    (kind) => {
      expect(SignalKind.safeParse(kind).success).toBe(false)
    },
  )

  it('is about security by its first word alone', () => {
    expect(isSecurity('security.logon.spray')).toBe(true)
    expect(isSecurity('health.security.audit')).toBe(false)
  })
})

describe('facts', () => {
  it('are at most a hundred', () => {
    const facts = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`fact${index}`, index]))
    expect(Facts.safeParse(facts(100)).success).toBe(true)
    expect(Facts.safeParse(facts(101)).success).toBe(false)
  })

  it('are numbers, short texts and lists of those, never objects', () => {
    expect(Facts.safeParse({ paths: ['/a', '/b'], count: 2, isTrue: true, none: null }).success).toBe(true)
    expect(Facts.safeParse({ nested: { deep: 1 } }).success).toBe(false)
    expect(Facts.safeParse({ long: 'x'.repeat(4_097) }).success).toBe(false)
  })
})

it('severities sort from least to worst', () => {
  expect(Severity.options.toReversed().toSorted(compareSeverity)).toEqual(['info', 'low', 'medium', 'high', 'critical'])
})
