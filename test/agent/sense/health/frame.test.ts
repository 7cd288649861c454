import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { whyNoSetting } from '#shared/domain/health-limits.ts'
import { hours, minutes } from '#shared/domain/time.ts'
import { defineHealth } from '../../../../agent/sense/define-health.ts'
import { startBench } from '../bench-machine.ts'

const about = { platforms: ['linux' as const], runbook: 'Look at it.' }
const trouble = { kind: 'health.test.trouble', severity: 'low' as const, about: 'it', summary: 'trouble' }

describe('a health detector', () => {
  it('that wants to remember ever more is told of, starts anew, and harms nobody else', async () => {
    let looks = 0
    const leaking = defineHealth({
      ...{ ...about, name: 'disk-errors', every: minutes(1), start: [] as string[], read: async () => 'x'.repeat(20_000) },
      decide(state, reading) {
        looks += 1
        return { state: [...state, reading], findings: [trouble] }
      },
    })
    const fine = defineHealth({
      ...{ ...about, name: 'cpu-hot', every: minutes(1), start: null, read: async () => null },
      decide: (state) => ({ state, findings: [{ ...trouble, about: 'other' }] }),
    })
    const { time, spool, sense } = await startBench([leaking, fine])
    await time.advance(minutes(20))
    const said = spool.signals().map(({ state, kind, about: what }) => `${state} ${kind} ${what}`)
    expect(said).toContain('raised system.detector.failed disk-errors')
    expect(said).toContain('raised health.test.trouble other')
    expect(looks).toBeGreaterThan(13)
    await sense.stop()
  })

  it('that throws is reported once, and asked less and less often', async () => {
    let looks = 0
    const throwing = defineHealth({
      ...{ ...about, name: 'disk-errors', every: minutes(1), start: null },
      async read() {
        looks += 1
        throw new Error('no such device')
      },
      decide: (state) => ({ state, findings: [] }),
    })
    const { time, spool, sense } = await startBench([throwing])
    await time.advance(hours(3))
    expect(spool.signals().map(({ state, kind }) => `${state} ${kind}`)).toEqual(['raised system.detector.failed'])
    expect(looks).toBeGreaterThan(8)
    expect(looks).toBeLessThan(20)
    await sense.stop()
  })

  it('that is expensive is left out on battery, but not for ever', async () => {
    let looks = 0
    const costly = defineHealth({
      ...{ ...about, name: 'disk-smart', every: hours(1), isExpensive: true as const, start: null },
      async read() {
        looks += 1
        return null
      },
      decide: (state) => ({ state, findings: [] }),
    })
    const { machine, time, sense } = await startBench([costly])
    machine.isOnBatteryNow = true
    await time.advance(hours(6))
    expect(looks).toBe(0)
    await time.advance(hours(3))
    expect(looks).toBe(1)
    machine.isOnBatteryNow = false
    await time.advance(hours(2))
    expect(looks).toBe(3)
    await sense.stop()
  })

  it('that can’t tell yet lets what stands stand, and remembers over a restart what it must', async () => {
    const kept = new Map<string, unknown>()
    const memory = {
      read: async (name: string) => kept.get(name),
      write: async (name: string, state: unknown) => void kept.set(name, state),
    }
    const counting = defineHealth({
      ...{ ...about, name: 'disk-errors', every: minutes(1), start: 0, remembers: z.number(), read: async () => null },
      decide: (state) => ({ state: state + 1, findings: state === 2 ? [trouble] : undefined }),
    })
    const first = await startBench([counting], { memory })
    await first.time.advance(minutes(2))
    await first.sense.stop()
    const second = await startBench([counting], { memory })
    await second.time.advance(minutes(5))
    expect(second.spool.signals().map(({ state }) => state)).toEqual(['raised'])
    expect(kept.get('disk-errors')).toBeGreaterThan(5)
    await second.sense.stop()
  })
})

describe('a setting of a policy', () => {
  it.each([
    ['disk-full.usedPercent', 95, undefined],
    ['disk-full', 'off', undefined],
    ['disk-full.usedPercent', 101, 'disk-full.usedPercent is a number from 0 to 100'],
    ['disk-full.usedPercent', '95', 'disk-full.usedPercent is a number from 0 to 100'],
    ['disk-full', 5, 'a detector as a whole can only be "off"'],
  ])('%s: %s', (key, value, reason) => {
    expect(whyNoSetting(key, value)).toBe(reason)
  })

  it('names what there is, when it isn’t', () => {
    expect(whyNoSetting('disk-fill.usedPercent', 5)).toContain('there is no detector "disk-fill"; there are disk-full, ')
    expect(whyNoSetting('cpu-hot.usedPercent', 5)).toBe('cpu-hot has no "usedPercent"; it has belowLimitDegrees, lastsMinutes')
    expect(whyNoSetting('constructor', 'off')).toContain('there is no detector "constructor"')
  })
})
