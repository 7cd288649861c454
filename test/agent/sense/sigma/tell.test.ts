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
const told = (rule: Partial<About>, saidArmed: boolean | undefined) =>
  tell({ hit: { about: { ...about, ...rule }, group: undefined }, line: 'l', times: 3, saidArmed })

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

  it('says whose word it is that the rule is armed or not, and which text of it fitted', () => {
    const digest = 'd'.repeat(32)
    expect(told({ digest }, undefined)).toMatchObject({ severity: 'high', facts: { armed: false, armedBy: 'nobody', digest } })
    expect(told({ digest }, false)).toMatchObject({ severity: 'high', facts: { armed: false, armedBy: 'policy' } })
    expect(told({ digest }, true)).toMatchObject({ severity: 'critical', facts: { armed: true, armedBy: 'policy' } })
  })

  it('shows no password', () => {
    expect(maskSecrets('mysql --password=hunter2 -u x; curl https://me:hunter2@h/?token=hunter2&a=1 --secret "hunter2 x"')).not.toContain(
      'hunter2',
    )
  })
})
