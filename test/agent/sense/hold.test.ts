import { describe, expect, it } from 'vitest'
import type { Severity } from '#shared/domain/severity.ts'
import { type Held, holdBack } from '../../../agent/sense/hold.ts'
import type { Finding } from '../../../agent/signal/signal.ts'

const finding = (severity: Severity): Finding => ({ kind: 'health.disk.full', about: '/', severity, summary: 'full' })

function look(held: Held, at: number, severity?: Severity, standing?: Severity): (Severity | undefined)[] {
  const findings = severity === undefined ? [] : [finding(severity)]
  return holdBack(held, findings, 600, at, () => standing).map((each) => each.severity)
}

describe('holding back', () => {
  it('lets nothing through before it has lasted', () => {
    const held: Held = new Map()
    expect(look(held, 0, 'medium')).toEqual([])
    expect(look(held, 599, 'medium')).toEqual([])
    expect(look(held, 600, 'medium')).toEqual(['medium'])
  })

  it('starts over after one look without it', () => {
    const held: Held = new Map()
    look(held, 0, 'medium')
    look(held, 300)
    look(held, 301, 'medium')
    expect(look(held, 700, 'medium')).toEqual([])
    expect(look(held, 901, 'medium')).toEqual(['medium'])
  })

  it('takes the worst that has lasted, not the worst that was seen', () => {
    const held: Held = new Map()
    look(held, 0, 'medium')
    look(held, 500, 'high')
    expect(look(held, 600, 'high')).toEqual(['medium'])
    expect(look(held, 1_100, 'high')).toEqual(['high'])
  })

  it('does not doubt again what stood before a restart', () => {
    expect(look(new Map(), 0, 'medium', 'medium')).toEqual(['medium'])
    expect(look(new Map(), 0, 'high', 'medium')).toEqual(['medium'])
  })
})
