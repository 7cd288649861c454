import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { days, minutes } from '#shared/domain/time.ts'
import { officeCalendar } from '../../../server/escalate/calendar.ts'

/*
 * The calendar against somebody who walks through ten years minute by minute, looks at the clock on the wall in each, and
 * knows nothing of days, time zones or daylight saving. A failure prints its seed; put it into `fc.assert` to see it again.
 */

const begins = Date.UTC(2024, 0, 1)
const countOfMinutes = days(3_653) / minutes(1)
const zones = ['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'America/Santiago']
const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const

interface Walked {
  /** What the clock shows in each minute, in minutes since its midnight; and the day it shows, counted from 1970. */
  shown: Uint16Array
  day: Uint16Array
  /** Minutes in which the clock was set. */
  turns: number[]
}

/** No zone of these years is off by anything but quarters of an hour, so within one the clock just goes on. */
function walk(timeZone: string): Walked {
  const walked: Walked = { shown: new Uint16Array(countOfMinutes), day: new Uint16Array(countOfMinutes), turns: [] }
  let offsetBefore: number | undefined
  for (let quarter = 0; quarter < countOfMinutes; quarter += 15) {
    const there = Temporal.Instant.fromEpochMilliseconds(begins + minutes(quarter)).toZonedDateTimeISO(timeZone)
    const day = Date.UTC(there.year, there.month - 1, there.day) / days(1)
    if (offsetBefore !== undefined && offsetBefore !== there.offsetNanoseconds) walked.turns.push(quarter)
    offsetBefore = there.offsetNanoseconds
    walked.shown.set(
      Array.from({ length: 15 }, (_, minute) => there.hour * 60 + there.minute + minute),
      quarter,
    )
    walked.day.fill(day, quarter, quarter + 15)
  }
  return walked
}

interface Hours {
  days: (typeof weekdays)[number][]
  fromMinute: number
  toMinute: number
  holidays: number[]
}

/** How many minutes of work lie before each minute. */
function countWork({ shown, day }: Walked, { days: workdays, fromMinute, toMinute, holidays }: Hours): Int32Array {
  const before = new Int32Array(countOfMinutes + 1)
  // 1 January 1970 was a Thursday.
  const isWorkday = weekdays.map((name) => workdays.includes(name))
  const free = new Set(holidays)
  for (let minute = 0; minute < countOfMinutes; minute += 1) {
    const [clock = 0, date = 0] = [shown[minute], day[minute]]
    const isWork = clock >= fromMinute && clock < toMinute && isWorkday[(date + 3) % 7] === true && !free.has(date)
    before[minute + 1] = (before[minute] ?? 0) + (isWork ? 1 : 0)
  }
  return before
}

const firstDay = begins / days(1)
const someHours = fc
  .record({
    days: fc.subarray([...weekdays], { minLength: 1 }),
    span: fc.uniqueArray(fc.integer({ min: 0, max: 24 * 60 }), { minLength: 2, maxLength: 2 }),
    holidays: fc.uniqueArray(fc.integer({ min: firstDay, max: firstDay + 3_652 }), { maxLength: 40 }),
  })
  .map(({ span, ...rest }): Hours => ({ ...rest, fromMinute: Math.min(...span), toMinute: Math.max(...span) }))

const timeOfDay = (minute: number): string => `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`
const dateOf = (day: number): string => new Date(days(day)).toISOString().slice(0, 10)
const calendarOf = (hours: Hours, timeZone: string) =>
  officeCalendar(
    {
      ...{ days: hours.days, holidays: hours.holidays.map(dateOf) },
      ...{ from: timeOfDay(hours.fromMinute), to: timeOfDay(hours.toMinute) },
    },
    timeZone,
  )

describe.each(zones)('ten years minute by minute in %s', (timeZone) => {
  const walked = walk(timeZone)
  /** Any minute, or one within two days of a change of the clock. */
  const aMinute = fc.oneof(
    fc.integer({ min: 0, max: countOfMinutes }),
    fc
      .tuple(fc.constantFrom(...walked.turns), fc.integer({ min: -2_880, max: 2_880 }))
      .map(([turn, away]) => Math.max(0, Math.min(countOfMinutes, turn + away))),
  )

  it('agree with the calendar on how much work lies between two instants, and when it is done', () => {
    fc.assert(
      fc.property(someHours, fc.array(fc.tuple(aMinute, aMinute), { minLength: 10, maxLength: 14 }), (hours, pairs) => {
        const before = countWork(walked, hours)
        const calendar = calendarOf(hours, timeZone)
        for (const [one, other] of pairs) {
          const [from, to] = [Math.min(one, other), Math.max(one, other)]
          const work = (before[to] ?? 0) - (before[from] ?? 0)
          expect(calendar.workingTime(begins + minutes(from), begins + minutes(to))).toBe(minutes(work))
          if (work === 0) continue
          // The end of the last minute that was worked.
          const doneAt = before.indexOf((before[from] ?? 0) + work, from)
          expect(calendar.addWorkingTime(begins + minutes(from), minutes(work))).toBe(begins + minutes(doneAt))
        }
      }),
      { numRuns: 10, verbose: 1 },
    )
  }, 60_000)

  it('and is right on every day on which the clock is set', () => {
    const hours: Hours = { days: [...weekdays], fromMinute: 90, toMinute: 210, holidays: [] }
    const [before, calendar] = [countWork(walked, hours), calendarOf(hours, timeZone)]
    for (const turn of walked.turns) {
      const [from, to] = [Math.max(0, turn - 1_440), Math.min(countOfMinutes, turn + 1_440)]
      const work = (before[to] ?? 0) - (before[from] ?? 0)
      expect(calendar.workingTime(begins + minutes(from), begins + minutes(to))).toBe(minutes(work))
    }
    expect(walked.turns).toHaveLength(20)
  })
})
