import { describe, expect, it } from 'vitest'
import type { Signal } from '#shared/domain/signal.ts'
import { Lane, laneOf, RecordBody } from '#shared/protocol/record.ts'

const signal: Signal = {
  ...{ id: '01a20193-9bd4', kind: 'health.disk.full', severity: 'medium', state: 'raised', fingerprint: 'disk-full:/var', about: '/var' },
  ...{ summary: '/var is 93 % full', facts: {}, evidence: [], sensedAt: 1, detector: 'disk-full' },
}

describe('a record', () => {
  it('about security goes before one about health', () => {
    const health = laneOf({ v: 1, type: 'signal', signal })
    const security = laneOf({ v: 1, type: 'signal', signal: { ...signal, kind: 'security.ransomware.canary' } })
    expect(Lane.options.indexOf(security)).toBeLessThan(Lane.options.indexOf(health))
  })

  it('that answers a command goes with security, because it may say that a machine is isolated', () => {
    const result = {
      commandId: '01a20193-9bd4',
      verb: 'isolate-host',
      outcome: 'succeeded',
      startedAt: 1,
      finishedAt: 2,
      detail: '',
    } as const
    expect(laneOf({ v: 1, type: 'result', ...result })).toBe('security')
  })

  it('of a version that is not known is refused', () => {
    expect(RecordBody.safeParse({ v: 2, type: 'signal', signal }).success).toBe(false)
    expect(RecordBody.safeParse({ v: 1, type: 'signal', signal }).success).toBe(true)
  })
})
