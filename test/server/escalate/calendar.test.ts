import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { days, hours, minutes } from '#shared/domain/time.ts'
import { always, nextTimeOfDay, officeCalendar } from '../../../server/escalate/calendar.ts'

const office = { days: ['mon', 'tue', 'wed', 'thu', 'fri'], from: '08:00', to: '18:00', holidays: ['2026-12-25'] } as const
const hoursOf = { ...office, days: [...office.days], holidays: [...office.holidays] }
const berlin = officeCalendar(hoursOf, 'Europe/Berlin')
const at = (local: string, timeZone = 'Europe/Berlin'): number =>
  Temporal.PlainDateTime.from(local).toZonedDateTime(timeZone).epochMilliseconds
const local = (instant: number, timeZone = 'Europe/Berlin'): string =>
  Temporal.Instant.fromEpochMilliseconds(instant).toZonedDateTimeISO(timeZone).toPlainDateTime().toString({ smallestUnit: 'minute' })

describe('working time', () => {
  it.each([
    ['within a day', '2026-11-23T09:00', hours(2), '2026-11-23T11:00'],
    ['to the very end of a day', '2026-11-23T16:00', hours(2), '2026-11-23T18:00'],
    ['over night', '2026-11-23T17:30', hours(2), '2026-11-24T09:30'],
    ['over a weekend', '2026-11-27T17:30', hours(2), '2026-11-30T09:30'],
    ['from the middle of a night', '2026-11-22T03:00', hours(4), '2026-11-23T12:00'],
    ['over a holiday', '2026-12-24T17:00', hours(2), '2026-12-28T09:00'],
    ['nothing at all, at night', '2026-11-22T03:00', 0, '2026-11-23T08:00'],
    ['over the end of summer time', '2026-10-23T17:00', hours(11), '2026-10-26T18:00'],
    ['over the beginning of summer time', '2026-03-27T17:00', hours(11), '2026-03-30T18:00'],
  ])('%s', (_name, from, ms, until) => expect(local(berlin.addWorkingTime(at(from), ms))).toBe(until))

  it('counts elapsed time where people always work', () => {
    expect(always.addWorkingTime(at('2026-10-25T01:30'), hours(8))).toBe(at('2026-10-25T08:30'))
  })

  it('knows a night shift’s clock change inside its hours', () => {
    const nights = officeCalendar({ ...hoursOf, days: ['sun'], from: '00:00', to: '06:00', holidays: [] }, 'Europe/Berlin')
    // On 25 October 2026 the night from 00:00 to 06:00 lasts seven hours, on 29 March five.
    expect(local(nights.addWorkingTime(at('2026-10-25T00:00'), hours(7)))).toBe('2026-10-25T06:00')
    expect(local(nights.addWorkingTime(at('2026-03-29T00:00'), hours(5)))).toBe('2026-03-29T06:00')
  })

  it('says so when nobody ever works', () => {
    const never = officeCalendar({ ...hoursOf, days: [] }, 'UTC')
    expect(() => never.addWorkingTime(0, 1)).toThrow(RangeError)
  })

  it('agrees with a walk minute by minute, over years, in zones that change their clocks', () => {
    const zones = ['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kathmandu', 'UTC']
    const from = fc.integer({ min: 0, max: 10 * 365 * 24 * 60 }).map((minute) => Date.UTC(2024, 0, 1) + minutes(minute))
    fc.assert(
      fc.property(fc.constantFrom(...zones), from, fc.integer({ min: 1, max: 1_500 }), (zone, start, count) => {
        expect(officeCalendar(hoursOf, zone).addWorkingTime(start, minutes(count))).toBe(walk(zone, start, count))
      }),
      { numRuns: 60 },
    )
  })
})

describe('the time of day', () => {
  it.each([
    ['2026-11-23T07:00', '2026-11-23T08:00'],
    ['2026-11-23T08:00', '2026-11-24T08:00'],
    ['2026-10-24T09:00', '2026-10-25T08:00'],
  ])('after %s comes %s', (from, next) => expect(local(nextTimeOfDay(at(from), '08:00', 'Europe/Berlin'))).toBe(next))

  it('never comes earlier than a moment from now, nor later than 25 hours', () => {
    fc.assert(
      fc.property(fc.integer({ min: Date.UTC(2024, 0, 1), max: Date.UTC(2034, 0, 1) }), (from) => {
        const next = nextTimeOfDay(from, '08:00', 'Europe/Berlin')
        expect(next > from && next - from <= days(1) + hours(1)).toBe(true)
      }),
    )
  })
})

/** Counts every minute in which somebody works, knowing nothing of days. Answers the end of the `count`th. */
function walk(timeZone: string, start: number, count: number): number {
  let instant = start
  for (let left = count; ; instant += minutes(1)) {
    if (isWorking(instant, timeZone)) left -= 1
    if (left === 0) return instant + minutes(1)
    if (!isWorking(instant, timeZone)) instant = skipTo(instant, timeZone)
  }
}

function isWorking(instant: number, timeZone: string): boolean {
  const { dayOfWeek, hour, month, day, year } = Temporal.Instant.fromEpochMilliseconds(instant).toZonedDateTimeISO(timeZone)
  const isHoliday = year === 2026 && month === 12 && day === 25
  return dayOfWeek <= 5 && !isHoliday && hour >= 8 && hour < 18
}

/** Nights are long: to the last minute of this hour, as far as it is all outside. */
function skipTo(instant: number, timeZone: string): number {
  const { minute } = Temporal.Instant.fromEpochMilliseconds(instant).toZonedDateTimeISO(timeZone)
  return instant + minutes(Math.max(0, Math.min(29 - (minute % 30), 29)))
}
