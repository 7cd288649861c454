import { describe, expect, it } from 'vitest'
import { ago, countdown, duration } from '../../../server/console/time/durations.ts'

const second = 1_000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour

describe('duration', () => {
  it.each([
    [-5, '0 s'],
    [0, '0 s'],
    [59 * second + 999, '59 s'],
    [minute, '1 min'],
    [59 * minute, '59 min'],
    [3 * hour + 5 * minute, '3 h 05'],
    [2 * day + 4 * hour, '2 d 4 h'],
    [2 * day, '2 d'],
  ])('says %i ms as %s', (ms, text) => expect(duration(ms)).toBe(text))
})

describe('countdown', () => {
  it.each([
    [4 * minute + 9 * second, '4:09'],
    [4 * minute + 8 * second + 1, '4:09'],
    [0, '0:00'],
    [-31 * second, '-0:31'],
    [-30 * second - 999, '-0:30'],
    [2 * hour + 10 * minute, '2 h 10'],
    [-(day + 3 * hour), '-1 d 3 h'],
  ])('with %i ms left says %s', (left, text) => expect(countdown(1_000_000 + left, 1_000_000)).toBe(text))
})

describe('ago', () => {
  it('says seconds only when there are some', () => expect(ago(0, 4_000)).toBe('just now'))
  it('takes what lies a little ahead for now', () => expect(ago(3_000, 0)).toBe('just now'))
  it('counts', () => expect(ago(0, 12 * minute)).toBe('12 min ago'))
})
