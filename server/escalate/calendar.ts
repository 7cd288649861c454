import type { CalendarHours } from '../route/matrix-schema.ts'

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

/** Days are remembered: working one out costs more than all the rest of a decision. */
export function officeCalendar(hours: Exclude<CalendarHours, 'always'>, timeZone: string): Calendar {
  const openingOn = remembered((date) => openingOf(Temporal.PlainDate.from(date), hours, timeZone))
  return {
    addWorkingTime(from, ms) {
      let left = ms
      let date = Temporal.Instant.fromEpochMilliseconds(from).toZonedDateTimeISO(timeZone).toPlainDate()
      for (let day = 0; day < maxDays; day += 1) {
        const opening = openingOn(date.toString())
        const startsAt = opening ? Math.max(from, opening.opensAt) : 0
        const lasts = opening ? Math.max(0, opening.closesAt - startsAt) : 0
        if (lasts > 0 && left <= lasts) return startsAt + left
        left -= lasts
        date = date.add({ days: 1 })
      }
      throw new RangeError(`no working hours are left within ${maxDays} days`)
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

/** A year of days; then they are worked out anew. */
const maxRemembered = 400

function remembered(work: (date: string) => Opening | undefined): (date: string) => Opening | undefined {
  const known = new Map<string, Opening | undefined>()
  return (date) => {
    if (known.has(date)) return known.get(date)
    if (known.size >= maxRemembered) known.clear()
    const opening = work(date)
    known.set(date, opening)
    return opening
  }
}
