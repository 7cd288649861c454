import type { CalendarHours } from '../route/sections/calendars.ts'

/** When the minutes of a promise count. Deadlines are instants; only calendars know time zones (invariant 11). */
export interface Calendar {
  /** The instant at which `ms` milliseconds of working time have passed since `from` (epoch ms). */
  addWorkingTime(from: number, ms: number): number
  /** How many milliseconds of working time lie between the two instants. */
  workingTime(from: number, to: number): number
  /** When people work between the two instants, in order and cut to them. */
  openings(from: number, to: number): Opening[]
  /** The same time of the `count`th working day after `from`, or the end of that day's hours if they are shorter. */
  addWorkingDays(from: number, count: number): number
}

export interface Opening {
  opensAt: number
  closesAt: number
}

export type OfficeHours = Exclude<CalendarHours, 'always'>

/** Ten years of holidays would be a calendar nobody can work by; it ends the search and never a real one. */
const maxDays = 3_660
const dayMs = 86_400_000

export const always: Calendar = {
  addWorkingTime: (from, ms) => from + ms,
  workingTime: (from, to) => Math.max(0, to - from),
  openings: (from, to) => (to > from ? [{ opensAt: from, closesAt: to }] : []),
  addWorkingDays: (from, count) => from + count * dayMs,
}

/** Hours of a wall: on the two odd days of a year they are what that day's clock shows, twice or not at all. */
export function officeCalendar(hours: OfficeHours, siteTimeZone: string): Calendar {
  const timeZone = hours.timeZone ?? siteTimeZone
  const dayOf = createDays(hours, timeZone)

  const addWorkingTime = (from: number, ms: number): number => {
    let left = ms
    let day = dayOf(from)
    for (let count = 0; count < maxDays; count += 1, day = day.next()) {
      for (const { opensAt, closesAt } of day.openings) {
        const begins = Math.max(from, opensAt)
        if (closesAt <= from) continue
        if (left <= closesAt - begins) return begins + left
        left -= closesAt - begins
      }
    }
    throw new RangeError(`no working hours are left within ${maxDays} days`)
  }
  const workingTime = (from: number, to: number): number => {
    let sum = 0
    for (let day = dayOf(from); day.beginsAt < to; day = day.next()) {
      for (const { opensAt, closesAt } of day.openings) sum += Math.max(0, Math.min(to, closesAt) - Math.max(from, opensAt))
    }
    return sum
  }
  const openings = (from: number, to: number): Opening[] => {
    const found: Opening[] = []
    for (let day = dayOf(from); day.beginsAt < to; day = day.next()) {
      for (const { opensAt, closesAt } of day.openings) {
        const cut = { opensAt: Math.max(from, opensAt), closesAt: Math.min(to, closesAt) }
        if (cut.opensAt < cut.closesAt) found.push(cut)
      }
    }
    return found
  }
  return {
    addWorkingTime,
    openings,
    workingTime,
    addWorkingDays(from, count) {
      const begins = addWorkingTime(from, 0)
      const first = dayOf(begins)
      const sinceOpening = begins - (first.openings[0]?.opensAt ?? begins)
      let day = first
      for (let left = count; left > 0; left -= 1) day = nextWorkingDay(day)
      const [opening] = day.openings
      const closesAt = day.openings.at(-1)?.closesAt ?? begins
      return opening ? Math.min(opening.opensAt + sinceOpening, closesAt) : begins
    },
  }
}

interface Day {
  beginsAt: number
  endsAt: number
  openings: readonly Opening[]
  next(): Day
}

function nextWorkingDay(from: Day): Day {
  let day = from.next()
  for (let count = 0; count < maxDays; count += 1, day = day.next()) if (day.openings.length > 0) return day
  throw new RangeError(`no working day is left within ${maxDays} days`)
}

/** More than a year; whoever asks about more begins anew. */
const maxKnownDays = 400

/** Working a day out costs more than all the rest of a decision, so each is worked out once and knows the next. */
function createDays(hours: OfficeHours, timeZone: string): (instant: number) => Day {
  /** By the UTC day at whose first instant it is that day there. */
  const known = new Map<number, Day>()
  const dayAt = (utcDay: number): Day => {
    const [begins, before] = [utcDay * dayMs, known.get(utcDay - 1)]
    if (before) return until(before, begins)
    return dayOn(Temporal.Instant.fromEpochMilliseconds(begins).toZonedDateTimeISO(timeZone).toPlainDate(), hours, timeZone)
  }
  return (instant) => {
    const utcDay = Math.floor(instant / dayMs)
    let day = known.get(utcDay)
    if (!day) {
      day = dayAt(utcDay)
      if (known.size >= maxKnownDays) known.clear()
      known.set(utcDay, day)
    }
    return until(day, instant)
  }
}

function until(from: Day, instant: number): Day {
  let day = from
  while (day.endsAt <= instant) day = day.next()
  return day
}

function dayOn(date: Temporal.PlainDate, hours: OfficeHours, timeZone: string): Day {
  let next: Day | undefined
  const tomorrow = date.add({ days: 1 })
  const beginsAt = date.toZonedDateTime(timeZone).epochMilliseconds
  const endsAt = tomorrow.toZonedDateTime(timeZone).epochMilliseconds
  return {
    beginsAt,
    endsAt,
    openings: isWorkingDay(date, hours) ? openingsOn(date, beginsAt, endsAt, hours, timeZone) : [],
    next: () => {
      next ??= dayOn(tomorrow, hours, timeZone)
      return next
    },
  }
}

const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const

function isWorkingDay(date: Temporal.PlainDate, hours: OfficeHours): boolean {
  const weekday = weekdays[date.dayOfWeek - 1]
  return weekday !== undefined && hours.days.includes(weekday) && !hours.holidays.includes(date.toString())
}

function openingsOn(date: Temporal.PlainDate, beginsAt: number, endsAt: number, hours: OfficeHours, timeZone: string): Opening[] {
  const [fromMs, toMs] = [msOf(hours.from), msOf(hours.to)]
  if (endsAt - beginsAt === dayMs) return [{ opensAt: beginsAt + fromMs, closesAt: beginsAt + toMs }]
  const midnightAsUtc = Date.UTC(date.year, date.month - 1, date.day)
  const openings: Opening[] = []
  for (const { from, to, offsetMs } of piecesOf(beginsAt, endsAt, timeZone)) {
    const opensAt = Math.max(from, midnightAsUtc + fromMs - offsetMs)
    const closesAt = Math.min(to, midnightAsUtc + toMs - offsetMs)
    const last = openings.at(-1)
    if (opensAt >= closesAt) continue
    if (last?.closesAt === opensAt) last.closesAt = closesAt
    else openings.push({ opensAt, closesAt })
  }
  return openings
}

/** A day on which the clock is set, in pieces of one offset each. */
function piecesOf(beginsAt: number, endsAt: number, timeZone: string): { from: number; to: number; offsetMs: number }[] {
  const pieces = []
  for (let from = beginsAt; from < endsAt; ) {
    const there = Temporal.Instant.fromEpochMilliseconds(from).toZonedDateTimeISO(timeZone)
    const to = Math.min(endsAt, there.getTimeZoneTransition('next')?.epochMilliseconds ?? endsAt)
    pieces.push({ from, to, offsetMs: there.offsetNanoseconds / 1_000_000 })
    from = to
  }
  return pieces
}

/** "08:30" → milliseconds since midnight. */
function msOf(timeOfDay: string): number {
  const [hour = 0, minute = 0] = timeOfDay.split(':').map(Number)
  return (hour * 60 + minute) * 60_000
}

/** The next time the clock on the wall there shows `timeOfDay` ("08:00"), strictly after `from`. */
export function nextTimeOfDay(from: number, timeOfDay: string, timeZone: string): number {
  const today = Temporal.Instant.fromEpochMilliseconds(from).toZonedDateTimeISO(timeZone).toPlainDate()
  const on = (date: Temporal.PlainDate): number => date.toZonedDateTime({ timeZone, plainTime: timeOfDay }).epochMilliseconds
  return on(today) > from ? on(today) : on(today.add({ days: 1 }))
}

/** When this week (from Monday) or quarter began, at that time of day, as a clock there shows it: at `now` or before. */
export function periodBegan(period: 'week' | 'quarter', timeOfDay: string, timeZone: string, now: number): number {
  const today = Temporal.Instant.fromEpochMilliseconds(now).toZonedDateTimeISO(timeZone).toPlainDate()
  const began =
    period === 'week' ? today.subtract({ days: today.dayOfWeek - 1 }) : today.with({ day: 1 }).subtract({ months: (today.month - 1) % 3 })
  const at = (date: Temporal.PlainDate): number => date.toZonedDateTime({ timeZone, plainTime: timeOfDay }).epochMilliseconds
  return at(began) <= now ? at(began) : at(began.subtract(period === 'week' ? { weeks: 1 } : { months: 3 }))
}
