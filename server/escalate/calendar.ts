import type { CalendarHours } from '../route/sections/calendars.ts'

/** When the minutes of a promise count. Deadlines are instants; only calendars know time zones (invariant 11). */
export interface Calendar {
  /** The instant at which `ms` milliseconds of working time have passed since `from` (epoch ms). */
  addWorkingTime(from: number, ms: number): number
}

interface Opening {
  opensAt: number
  closesAt: number
}

/** Ten years of holidays would be a calendar nobody can work by; it ends the search and never a real one. */
const maxDays = 3_660

export const always: Calendar = { addWorkingTime: (from, ms) => from + ms }

/** Working a day out costs more than all the rest of a decision, so each knows the next and today is remembered. */
export function officeCalendar(hours: Exclude<CalendarHours, 'always'>, timeZone: string): Calendar {
  let today: Day | undefined
  const dayOf = (instant: number): Day => {
    if (!today || instant < today.beginsAt || instant >= today.endsAt) {
      const date = Temporal.Instant.fromEpochMilliseconds(instant).toZonedDateTimeISO(timeZone).toPlainDate()
      today = dayOn(date, hours, timeZone)
    }
    return today
  }
  return {
    addWorkingTime(from, ms) {
      let left = ms
      let day = dayOf(from)
      for (let count = 0; count < maxDays; count += 1) {
        const startsAt = day.opening ? Math.max(from, day.opening.opensAt) : 0
        const lasts = day.opening ? Math.max(0, day.opening.closesAt - startsAt) : 0
        if (lasts > 0 && left <= lasts) return startsAt + left
        left -= lasts
        day = day.next()
      }
      throw new RangeError(`no working hours are left within ${maxDays} days`)
    },
  }
}

interface Day {
  beginsAt: number
  endsAt: number
  opening: Opening | undefined
  next(): Day
}

function dayOn(date: Temporal.PlainDate, hours: Exclude<CalendarHours, 'always'>, timeZone: string): Day {
  let next: Day | undefined
  const tomorrow = date.add({ days: 1 })
  return {
    beginsAt: date.toZonedDateTime(timeZone).epochMilliseconds,
    endsAt: tomorrow.toZonedDateTime(timeZone).epochMilliseconds,
    opening: openingOf(date, hours, timeZone),
    next: () => {
      next ??= dayOn(tomorrow, hours, timeZone)
      return next
    },
  }
}

/** The next time the clock on the wall there shows `timeOfDay` ("08:00"), strictly after `from`. */
export function nextTimeOfDay(from: number, timeOfDay: string, timeZone: string): number {
  const today = Temporal.Instant.fromEpochMilliseconds(from).toZonedDateTimeISO(timeZone).toPlainDate()
  const on = (date: Temporal.PlainDate): number => date.toZonedDateTime({ timeZone, plainTime: timeOfDay }).epochMilliseconds
  return on(today) > from ? on(today) : on(today.add({ days: 1 }))
}

const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const

function openingOf(date: Temporal.PlainDate, hours: Exclude<CalendarHours, 'always'>, timeZone: string): Opening | undefined {
  const weekday = weekdays[date.dayOfWeek - 1]
  if (weekday === undefined || !hours.days.includes(weekday) || hours.holidays.includes(date.toString())) return undefined
  const at = (plainTime: string): number => date.toZonedDateTime({ timeZone, plainTime }).epochMilliseconds
  return { opensAt: at(hours.from), closesAt: at(hours.to) }
}
