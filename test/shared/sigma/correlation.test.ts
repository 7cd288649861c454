import { describe, expect, it } from 'vitest'
import { normalise } from '#shared/sigma/normalise.ts'
import { createSigmaEngine } from '#shared/sigma/sigma.ts'
import { setOf } from './asking.ts'

const failed = `id: 11111111-1111-4111-8111-111111111111
name: failed
title: A failed log-on
logsource: { product: windows, service: security }
detection:
  s: { EventID: 4625 }
  condition: s
level: low
`
const counted = (correlation: string, rest = ''): string => `${failed}---
id: c
title: Many of them
correlation:
  rules: [failed]
  timespan: 5m
${correlation.replace(/^/gm, '  ')}
level: high
${rest}`

const minute = 60_000
const failure = (at: number, fields: Record<string, string> = {}) =>
  normalise({ EventID: 4625, Channel: 'Security', TimeCreated: new Date(at * minute).toISOString(), ...fields })

function hitsOf(text: string, events: ReturnType<typeof failure>[]): { id: string; group: unknown }[] {
  const set = setOf(text)
  expect(set.refused).toEqual([])
  const engine = createSigmaEngine(set)
  return events.flatMap((event) => engine.judge(event, 0)).map(({ about, group }) => ({ id: about.id, group }))
}

describe('correlations', () => {
  const many = counted('type: event_count\ngroup-by: [IpAddress]\ncondition: { gte: 3 }')

  it('count events of a group within a time, once for each time the number is reached', () => {
    const from = (ip: string, ...at: number[]) => at.map((each) => failure(each, { IpAddress: ip }))
    expect(hitsOf(many, [...from('a', 1, 2), ...from('b', 2)])).toEqual([])
    expect(hitsOf(many, [...from('a', 1, 2), ...from('b', 2), ...from('A', 3)])).toEqual([{ id: 'c', group: { IpAddress: 'a' } }])
    expect(hitsOf(many, from('a', 1, 4, 7, 10))).toEqual([])
    expect(hitsOf(many, from('a', 1, 1, 1, 2, 2))).toHaveLength(1)
    expect(hitsOf(many, from('a', 1, 1, 1, 2, 2, 2))).toHaveLength(2)
  })

  it('let their rules speak for themselves only where they say so', () => {
    const events = [failure(1), failure(1), failure(1)]
    const ids = (text: string) => hitsOf(text, events).map(({ id }) => id.slice(0, 4))
    expect(ids(many)).toEqual(['c'])
    expect(ids(counted('type: event_count\ncondition: { gt: 2 }\ngenerate: true'))).toEqual(['1111', '1111', '1111', 'c'])
    expect(ids(failed)).toEqual(['1111', '1111', '1111'])
  })

  it('count different values, and none that is missing', () => {
    const users = counted('type: value_count\ngroup-by: [IpAddress]\ncondition: { gte: 3, field: User }')
    const by = (...names: (string | undefined)[]) => names.map((User) => failure(1, User === undefined ? {} : { User }))
    expect(hitsOf(users, by('x', 'y', 'x', 'X', undefined))).toEqual([])
    expect(hitsOf(users, by('x', 'y', 'x', 'z'))).toHaveLength(1)
  })

  it('know a field by another name in the events of a rule', () => {
    const aliased = counted('type: event_count\ngroup-by: [who]\naliases: { who: { failed: User } }\ncondition: { gte: 2 }')
    expect(hitsOf(aliased, [failure(1, { User: 'x' }), failure(1, { User: 'y' })])).toEqual([])
    expect(hitsOf(aliased, [failure(1, { User: 'x' }), failure(1, { User: 'x' })])).toEqual([{ id: 'c', group: { who: 'x' } }])
  })

  it('remember a bounded number of groups', () => {
    const engine = createSigmaEngine(setOf(many))
    const started = performance.now()
    for (let n = 0; n < 30_000; n += 1) engine.judge(failure(1, { IpAddress: `ip${n}` }), 0)
    expect(engine.judge(failure(1, { IpAddress: 'ip29999' }), 0)).toEqual([])
    expect(engine.judge(failure(1, { IpAddress: 'ip29999' }), 0)).toHaveLength(1)
    expect(performance.now() - started).toBeLessThan(5_000)
  })

  it.each([
    [counted('type: temporal'), /type “temporal” are not supported/],
    [counted('type: event_count\ncondition: { lt: 3 }'), /there were few/],
    [counted('type: event_count\ncondition: {}'), /before anything happened/],
    [counted('type: value_count\ncondition: { gte: 3 }'), /doesn’t say of which field/],
    [counted('type: event_count\ncondition: { gte: 3 }').replace('5m', 'soon'), /“soon” is no time/],
    [counted('type: event_count\ncondition: { gte: 3 }').replace('5m', '90d'), /longer than 31 days/],
    [counted('type: event_count\ncondition: { gte: 3 }').replace('[failed]', '[other]'), /counts the rule “other”/],
  ])('are refused with a reason: %#', (text, reason) => {
    expect(setOf(text).refused).toMatchObject([{ id: 'c', reason: expect.stringMatching(reason) }])
  })

  it('are of a time in any of Sigma’s units; what is longer than a month is refused', () => {
    const within = (timespan: string) => setOf(many.replace('timespan: 5m', `timespan: ${timespan}`)).refused.map(({ reason }) => reason)
    for (const timespan of ['90s', '5m', '12h', '7d', '2w', '1M']) expect(within(timespan), timespan).toEqual([])
    for (const timespan of ['2M', '1y']) expect(within(timespan)).toEqual([expect.stringContaining('longer than 31 days')])
  })
})
