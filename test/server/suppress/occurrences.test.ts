import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hours, minutes } from '#shared/domain/time.ts'
import { occurrences, onTheWall, type Plan, weekdays } from '../../../server/suppress/occurrences.ts'

const at = (text: string): number => Temporal.Instant.from(text).epochMilliseconds
const berlin = { timeZone: 'Europe/Berlin' }
const sundays = (time: string, lastsMs: number): Plan => ({
  ...{ ...berlin, durationMs: lastsMs },
  repeats: { kind: 'weekly', days: ['sun'], at: time },
})
const shown = (plan: Plan, from: string, count = 5): string[] =>
  occurrences(plan, at(from), count).map(
    ({ opensAt, closesAt }) => `${onTheWall(opensAt, 'Europe/Berlin')} ${onTheWall(closesAt, 'Europe/Berlin')}`,
  )

describe('a window that opens every week', () => {
  it('shows its next five dates in site time, over the day on which the clocks are set forward', () => {
    expect(shown(sundays('02:30', hours(2)), '2026-03-20T12:00:00Z')).toEqual([
      '2026-03-22T02:30+01:00 2026-03-22T04:30+01:00',
      // 02:30 is not on that clock: an hour later, and two hours long all the same.
      '2026-03-29T03:30+02:00 2026-03-29T05:30+02:00',
      '2026-04-05T02:30+02:00 2026-04-05T04:30+02:00',
      '2026-04-12T02:30+02:00 2026-04-12T04:30+02:00',
      '2026-04-19T02:30+02:00 2026-04-19T04:30+02:00',
    ])
  })

  it('opens once on the day on which they are set back, at the first of the two', () => {
    expect(shown(sundays('02:30', hours(1)), '2026-10-24T12:00:00Z', 2)).toEqual([
      '2026-10-25T02:30+02:00 2026-10-25T02:30+01:00',
      '2026-11-01T02:30+01:00 2026-11-01T03:30+01:00',
    ])
  })

  it('is open after midnight of the day on which it began', () => {
    const [first] = occurrences({ ...sundays('23:00', hours(4)) }, at('2026-11-23T01:00:00+01:00'), 1)
    expect(onTheWall(first?.opensAt ?? 0, 'Europe/Berlin')).toBe('2026-11-22T23:00+01:00')
  })
})

it('a window that opens once has one date, and none when it is over', () => {
  const once: Plan = { ...berlin, durationMs: hours(1), repeats: { kind: 'once', opensAt: at('2026-11-23T20:00:00Z') } }
  expect(occurrences(once, at('2026-11-23T20:59:00Z'), 5)).toHaveLength(1)
  expect(occurrences(once, at('2026-11-23T21:00:00Z'), 5)).toEqual([])
})

it('every instant of two years is in an occurrence exactly when a walk over the minutes says so', () => {
  const wall = new Intl.DateTimeFormat('en-GB', {
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
    timeZone: 'Europe/Berlin',
  })
  /** The latest minute at which that clock began to show this day and time. */
  const opensWithin = (days: readonly string[], time: string, from: number, durationMs: number): boolean => {
    for (let instant = from; instant > from - durationMs; instant -= minutes(1)) {
      const parts = Object.fromEntries(wall.formatToParts(instant).map(({ type, value }) => [type, value]))
      const isThen = `${parts.hour}:${parts.minute}` === time && days.includes(String(parts.weekday).toLowerCase())
      // Of a time that there is twice the first counts.
      const isSecond = isThen && onTheWall(instant - hours(1), 'Europe/Berlin').slice(11, 16) === time
      if (isThen && !isSecond) return true
    }
    return false
  }
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.constantFrom(...weekdays), { minLength: 1, maxLength: 3 }),
      fc.tuple(fc.integer({ min: 4, max: 23 }), fc.integer({ min: 0, max: 59 })),
      fc.integer({ min: 1, max: 12 * 60 }),
      fc.integer({ min: 0, max: 2 * 366 * 24 * 60 }),
      (days, [hour, minute], lastsMinutes, offset) => {
        const time = `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`
        const instant = at('2026-01-01T00:00:00Z') + minutes(offset)
        const plan: Plan = { ...berlin, durationMs: minutes(lastsMinutes), repeats: { kind: 'weekly', days, at: time } }
        const isOpen = occurrences(plan, instant, 1).some(({ opensAt }) => opensAt <= instant)
        expect(isOpen).toBe(opensWithin(days, time, instant, minutes(lastsMinutes)))
      },
    ),
    { numRuns: 150 },
  )
})
