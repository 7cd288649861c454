import { describe, expect, it } from 'vitest'
import { stageAt, stagesOf } from '#shared/domain/bulk.ts'
import { decide, type Machine, type Running } from '../../../server/command/bulk/decide.ts'

const sizes = stagesOf(20)
const bulk: Running = {
  sizes,
  ...{ stage: 0, stage_begun_at: 1_000, fail_percent: 10, wait_ms: 60_000, judged_from: null, expires_at: 1_000_000 },
}
const machines = (...said: (Machine['status'] | 'away')[]): Machine[] =>
  Array.from({ length: 20 }, (_, place) => {
    const status = said[place] ?? null
    const isOver = status !== null && !['away', 'sent', 'running'].includes(status)
    return {
      stage: stageAt(sizes, place),
      status: status === 'away' ? 'queued' : status,
      settledAt: isOver ? 2_000 : null,
      isConnected: status !== 'away',
    }
  })

describe('the stages of a bulk order', () => {
  it.each([
    [1, [1]],
    [2, [1, 1]],
    [3, [1, 1, 1]],
    [12, [1, 2, 9]],
    [1_000, [1, 100, 899]],
  ])('of %i machines are one, a tenth, and the rest', (count, expected) => {
    expect(stagesOf(count)).toEqual(expected)
    expect(expected.reduce((a, b) => a + b)).toBe(count)
  })

  it('begin with one, and go on once who is connected has answered', () => {
    expect(decide(bulk, machines(), 2_000)).toEqual({ kind: 'begins', stage: 0 })
    expect(decide({ ...bulk, stage: 1 }, machines('running'), 2_000)).toEqual({ kind: 'waits' })
    expect(decide({ ...bulk, stage: 1 }, machines('succeeded'), 2_000)).toEqual({ kind: 'begins', stage: 1 })
    expect(decide({ ...bulk, stage: 2 }, machines('succeeded', 'succeeded', 'sent'), 2_000)).toEqual({ kind: 'waits' })
  })

  it('wait for nobody who is away, nor longer than their wait for who is there', () => {
    expect(decide({ ...bulk, stage: 2 }, machines('succeeded', 'succeeded', 'away'), 2_000)).toEqual({ kind: 'begins', stage: 2 })
    expect(decide({ ...bulk, stage: 2 }, machines('succeeded', 'succeeded', 'running'), 61_000)).toEqual({ kind: 'begins', stage: 2 })
  })

  it('stop where nobody answered: silence proves nothing', () => {
    expect(decide({ ...bulk, stage: 1 }, machines('away'), 2_000)).toEqual({ kind: 'waits' })
    expect(decide({ ...bulk, stage: 1 }, machines('away'), 61_000)).toMatchObject({ kind: 'stops' })
    expect(decide({ ...bulk, stage: 2 }, machines('succeeded', 'sent', 'away'), 61_000)).toMatchObject({ kind: 'stops' })
  })

  it('stop at any failure of the first, and beyond the limit in each by itself', () => {
    for (const failed of ['failed', 'refused', 'unknown', 'expired'] as const)
      expect(decide({ ...bulk, stage: 1 }, machines(failed), 2_000)).toMatchObject({ kind: 'stops' })
    expect(decide({ ...bulk, stage: 2 }, machines('succeeded', 'succeeded', 'failed'), 2_000)).toMatchObject({ kind: 'stops' })
    const seventeen = (...last: Machine['status'][]) => machines('succeeded', 'succeeded', 'succeeded', ...last)
    expect(decide({ ...bulk, stage: 3 }, seventeen('failed', 'sent'), 2_000)).toEqual({ kind: 'waits' })
    expect(decide({ ...bulk, stage: 3 }, seventeen('failed', 'failed', 'sent'), 2_000)).toMatchObject({ kind: 'stops' })
    expect(decide({ ...bulk, stage: 3, fail_percent: 20 }, seventeen('failed', 'failed', 'sent'), 2_000)).toEqual({ kind: 'waits' })
  })

  it('count nothing that a person went on after', () => {
    expect(decide({ ...bulk, stage: 1, judged_from: 3_000 }, machines('failed'), 4_000)).toEqual({ kind: 'begins', stage: 1 })
  })

  it('end when all have, or when the time is over before all turns had come', () => {
    const all = machines(...Array.from({ length: 20 }, () => 'succeeded' as const))
    expect(decide({ ...bulk, stage: 3 }, all, 2_000)).toEqual({ kind: 'ends', as: 'done' })
    expect(decide({ ...bulk, stage: 1 }, machines('away'), 1_000_000)).toEqual({ kind: 'ends', as: 'expired' })
  })
})
