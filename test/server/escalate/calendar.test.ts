import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { days, hours } from '#shared/domain/time.ts'
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

  it('has the hours of the wall twice when the clock is set back, and not at all when it is set forward', () => {
    const nights = officeCalendar({ ...hoursOf, days: ['sun'], from: '02:00', to: '02:30' }, 'Europe/Berlin')
    const [back, forward] = [at('2026-10-25T00:00'), at('2026-03-29T00:00')]
    expect(nights.workingTime(back, back + days(1))).toBe(hours(1))
    expect(nights.openings(back, back + days(1))).toHaveLength(2)
    expect(nights.workingTime(forward, forward + days(1))).toBe(0)
  })

  it('keeps to its own time zone where it has one', () => {
    const theirs = officeCalendar({ ...hoursOf, timeZone: 'America/New_York' }, 'Europe/Berlin')
    expect(theirs.addWorkingTime(at('2026-11-23T09:00'), 0)).toBe(at('2026-11-23T08:00', 'America/New_York'))
  })

  it('is open to the end of a day', () => {
    const whole = officeCalendar({ ...hoursOf, from: '00:00', to: '24:00' }, 'Europe/Berlin')
    expect(whole.workingTime(at('2026-11-23T00:00'), at('2026-11-28T00:00'))).toBe(days(5))
  })
})

describe('working days', () => {
  it.each([
    ['two days on', '2026-11-23T09:00', 2, '2026-11-25T09:00'],
    ['over a weekend', '2026-11-26T17:00', 2, '2026-11-30T17:00'],
    ['from a Sunday', '2026-11-22T03:00', 2, '2026-11-25T08:00'],
    ['over a holiday', '2026-12-24T10:00', 1, '2026-12-28T10:00'],
    ['over the end of summer time', '2026-10-23T12:00', 1, '2026-10-26T12:00'],
  ])('%s', (_name, from, count, until) => expect(local(berlin.addWorkingDays(at(from), count))).toBe(until))
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
