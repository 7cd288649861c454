import type { Priority } from '#shared/domain/priority.ts'
import { hours } from '#shared/domain/time.ts'
import type { Subject } from '../pipeline/changes.ts'
import type { Matrix } from '../route/matrix.ts'
import type { Promised } from '../route/sections/promises.ts'
import { always, type Calendar, officeCalendar } from './calendar.ts'

/** What is owed, and the calendars in which it counts. */
export interface Owed {
  respondMs: number
  /** null: no promise to resolve. */
  resolveMs: number | null
  calendar: Calendar
  /** Which calendar that is: its name in the matrix, and where. */
  named: { calendar: string; timeZone: string }
  /** The team's hours, for its time-box. */
  boxCalendar: Calendar
}

export type Promises = (about: { team: string; priority: Priority; isPaging: boolean }, subject: Subject) => Owed

/** Looks promises up: the team's own whatever the plan, else the plan's. Calendars are made once per time zone. */
export function readPromises(matrix: Matrix): Promises {
  const zones = new Map<string, Map<string, Calendar>>()
  const calendarOf = (name: string, timeZone: string): Calendar => {
    const calendars = zones.get(timeZone) ?? new Map<string, Calendar>()
    zones.set(timeZone, calendars)
    const calendar = calendars.get(name) ?? calendarNamed(matrix, name, timeZone)
    calendars.set(name, calendar)
    return calendar
  }
  return ({ team, priority, isPaging }, subject) => {
    const promise = promiseOf(matrix, team, priority, subject)
    const named = { calendar: (isPaging ? promise.whenPaged : undefined) ?? promise.calendar, timeZone: timeZoneOf(subject) }
    const calendar = calendarOf(named.calendar, named.timeZone)
    const hours = matrix.teams[team]?.calendar
    // Whoever bought nights is not left in a team's queue until its morning.
    const boxCalendar = hours === undefined || calendar === always ? calendar : calendarOf(hours, named.timeZone)
    return { respondMs: promise.respond, resolveMs: promise.resolve ?? null, calendar, named, boxCalendar }
  }
}

/** Whose clock on the wall it is: the site's of the machine, else the person's who asked, else the organisation's. */
export const timeZoneOf = ({ site, requester, organisation }: Subject): string =>
  site?.timeZone ?? requester?.timeZone ?? organisation.timeZone

/** A ticket that a plan has no promise for, such as one that a person opens on the plan "watch", is answered in a day. */
const withoutPromise = { respond: hours(8), calendar: 'office' }

function promiseOf(matrix: Matrix, team: string, priority: Priority, subject: Subject): Promised {
  const table = matrix.promises.teams[team] ?? matrix.promises.plans[subject.organisation.plan] ?? matrix.promises.plans.standard
  const promise = table?.[priority]
  return promise === undefined || promise === 'digest' ? withoutPromise : promise
}

export function calendarNamed(matrix: Pick<Matrix, 'calendars'>, name: string, timeZone: string): Calendar {
  const hoursOf = matrix.calendars[name] ?? 'always'
  return hoursOf === 'always' ? always : officeCalendar(hoursOf, hoursOf.timeZone ?? timeZone)
}
