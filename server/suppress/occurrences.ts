/*
 * When a maintenance window is open. It begins when the clock on the wall there shows so: on the day on which the clocks are
 * set, a time that doesn't exist is an hour later, and of one that there is twice it is the first. It lasts as long as it was
 * planned for, however the clocks are set meanwhile.
 */

export const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const
export type Weekday = (typeof weekdays)[number]

export type Repeats = { kind: 'once'; opensAt: number } | { kind: 'weekly'; days: readonly Weekday[]; at: string }

export interface Plan {
  repeats: Repeats
  durationMs: number
  timeZone: string
}

export interface Occurrence {
  opensAt: number
  closesAt: number
}

/** Longer than a week of any month. */
const maxDays = 370

/** Those that close after `from`, at most `count`, in order. */
export function occurrences({ repeats, durationMs, timeZone }: Plan, from: number, count: number): Occurrence[] {
  if (repeats.kind === 'once') {
    const once = { opensAt: repeats.opensAt, closesAt: repeats.opensAt + durationMs }
    return once.closesAt > from && count > 0 ? [once] : []
  }
  const found: Occurrence[] = []
  // One that is open now began yesterday at the earliest.
  let date = Temporal.Instant.fromEpochMilliseconds(from).toZonedDateTimeISO(timeZone).toPlainDate().subtract({ days: 1 })
  for (let day = 0; day < maxDays && found.length < count; day += 1, date = date.add({ days: 1 })) {
    const weekday = weekdays[date.dayOfWeek - 1]
    if (weekday === undefined || !repeats.days.includes(weekday)) continue
    const opensAt = date.toZonedDateTime({ timeZone, plainTime: repeats.at }).epochMilliseconds
    if (opensAt + durationMs > from) found.push({ opensAt, closesAt: opensAt + durationMs })
  }
  return found
}

/** "2026-03-29T03:30+02:00", as a clock there shows it. */
export const onTheWall = (instant: number, timeZone: string): string =>
  Temporal.Instant.fromEpochMilliseconds(instant).toString({ timeZone, smallestUnit: 'minute' })
