import { always, type Calendar, officeCalendar } from '../escalate/calendar.ts'
import { timeZoneOf } from '../escalate/promise.ts'
import type { Circumstances } from '../prioritise/prioritise.ts'
import type { Matrix } from '../route/matrix.ts'
import type { Subject } from './changes.ts'

export type CircumstancesOf = (subject: Subject, now: number, many?: Pick<Circumstances, 'machines' | 'siteMachines'>) => Circumstances

/** What priority asks of the calendars of a matrix, looked up only when it asks; each is made once per time zone. */
export function readCircumstances({ calendars }: Pick<Matrix, 'calendars'>): CircumstancesOf {
  const made = new Map<string, Calendar>()
  const calendarOf = (name: string, timeZone: string): Calendar => {
    const key = `${name} ${timeZone}`
    const hours = calendars[name] ?? 'always'
    const calendar = made.get(key) ?? (hours === 'always' ? always : officeCalendar(hours, hours.timeZone ?? timeZone))
    made.set(key, calendar)
    return calendar
  }
  return (subject, now, many = { machines: 1, siteMachines: null }) => ({
    ...many,
    isOpen: (name) => calendarOf(name, timeZoneOf(subject)).addWorkingTime(now, 1) === now + 1,
    dayOfMonth: () => Temporal.Instant.fromEpochMilliseconds(now).toZonedDateTimeISO(timeZoneOf(subject)).day,
  })
}
