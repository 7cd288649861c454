import type { Window } from '#shared/protocol/standing-order.ts'

/**
 * Which window is open at this instant, by the local day on which it opened; undefined: none is. Once a day each, so an
 * hour that comes twice in autumn runs nothing twice, and one that is missing in spring only makes the window shorter.
 */
export function openWindow({ days, from, to, timeZone }: Window, now: number): string | undefined {
  const { date, weekday, clock } = localOf(now, timeZone)
  const isOverMidnight = to <= from
  if (days.includes(weekday) && clock >= from && (isOverMidnight || clock < to)) return date
  const yesterday = weekday === 1 ? 7 : weekday - 1
  return isOverMidnight && clock < to && days.includes(yesterday) ? dayBefore(date) : undefined
}

const weekdays = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']
const shape = { year: 'numeric', month: '2-digit', day: '2-digit', weekday: 'short', hour: '2-digit', minute: '2-digit' } as const

/** The signed zone's own clock and calendar. */
function localOf(now: number, timeZone: string): { date: string; weekday: number; clock: string } {
  const parts = new Intl.DateTimeFormat('en-GB', { ...shape, hourCycle: 'h23', timeZone }).formatToParts(now)
  const part = (type: Intl.DateTimeFormatPartTypes): string => parts.find((each) => each.type === type)?.value ?? ''
  return {
    date: `${part('year')}-${part('month')}-${part('day')}`,
    weekday: weekdays.indexOf(part('weekday')) + 1,
    clock: `${part('hour')}:${part('minute')}`,
  }
}

/** Of a date, so that a day of 23 hours is one day as well. */
function dayBefore(date: string): string {
  const noon = new Date(`${date}T12:00:00Z`)
  noon.setUTCDate(noon.getUTCDate() - 1)
  return noon.toISOString().slice(0, 10)
}
