import { describe, expect, it } from 'vitest'
import { maskSecrets } from '#shared/domain/mask-secrets.ts'
import type { About } from '#shared/sigma/rule.ts'
import { tell } from '../../../../agent/sense/sigma/tell.ts'

const about: About = {
  ...{
    id: '6A1F-x',
    title: 'T',
    name: undefined,
    status: 'test',
    severity: 'critical',
    techniques: ['T1059'],
    tactics: [],
    falsePositives: [],
  },
}
const told = (rule: Partial<About>, isArmed: boolean) =>
  tell({ hit: { about: { ...about, ...rule }, group: undefined }, line: 'l', times: 3, isArmed })

describe('what is said of a hit', () => {
  it('has one kind for each rule, its technique and the event', () => {
    expect(told({}, true)).toMatchObject({
      ...{ kind: 'security.sigma.6a1f-x', severity: 'critical', facts: { techniques: ['T1059'], times: 3, armed: true } },
      evidence: [{ name: 'event', text: 'l' }],
    })
    expect(told({ id: '…' }, true).kind).toBe('security.sigma.unnamed')
  })

  it('is a step lower while the rule isn’t armed, and only kept when it is experimental', () => {
    expect(['critical', 'high', 'medium', 'low', 'info'].map((severity) => told({ severity } as Partial<About>, false).severity)).toEqual([
      ...['high', 'medium', 'low', 'info', 'info'],
    ])
    expect(told({ status: 'experimental' }, true).severity).toBe('info')
  })

  it('shows no password', () => {
    expect(maskSecrets('mysql --password=hunter2 -u x; curl https://me:hunter2@h/?token=hunter2&a=1 --secret "hunter2 x"')).not.toContain(
      'hunter2',
    )
  })
})
