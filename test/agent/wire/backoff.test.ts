import fc from 'fast-check'
import { expect, it } from 'vitest'
import { backoffMs } from '../../../agent/wire/backoff.ts'

const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
const attempt = fc.integer({ min: 0, max: 10_000 })
const bounds = fc
  .tuple(fc.integer({ min: 1, max: 10_000 }), fc.integer({ min: 1, max: 1_000 }))
  .map(([baseMs, factor]) => ({ baseMs, maxMs: baseMs * factor }))

it('never waits longer than its maximum, nor less than a quarter of its base', () => {
  fc.assert(
    fc.property(attempt, random, bounds, (count, chance, { baseMs, maxMs }) => {
      const waitMs = backoffMs(count, chance, { baseMs, maxMs })
      expect(waitMs).toBeGreaterThanOrEqual(baseMs / 4)
      expect(waitMs).toBeLessThanOrEqual(maxMs)
    }),
  )
})

it('never waits less for a later attempt, with the same luck', () => {
  fc.assert(
    fc.property(attempt, random, bounds, (count, chance, limits) => {
      expect(backoffMs(count + 1, chance, limits)).toBeGreaterThanOrEqual(backoffMs(count, chance, limits))
    }),
  )
})

it('brings a fleet back within 30 s of any outage, no more than a twentieth of it in one second', () => {
  const waits = Array.from({ length: 10_000 }, (_, index) => backoffMs(20, index / 10_000))
  expect(Math.max(...waits)).toBeLessThanOrEqual(30_000)
  const perSecond = Map.groupBy(waits, (waitMs) => Math.floor(waitMs / 1_000))
  expect(Math.max(...[...perSecond.values()].map((second) => second.length))).toBeLessThan(500)
})
