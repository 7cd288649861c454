const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

const two = (count: number): string => String(count).padStart(2, '0')

/** How long, in the largest two units that matter: `45 s`, `12 min`, `3 h 05`, `2 d 4 h`. Milliseconds in; a negative one counts as 0. */
export function duration(ms: number): string {
  const left = Math.max(0, ms)
  if (left < MINUTE) return `${Math.floor(left / SECOND)} s`
  if (left < HOUR) return `${Math.floor(left / MINUTE)} min`
  if (left < DAY) return `${Math.floor(left / HOUR)} h ${two(Math.floor((left % HOUR) / MINUTE))}`
  const hours = Math.floor((left % DAY) / HOUR)
  return hours === 0 ? `${Math.floor(left / DAY)} d` : `${Math.floor(left / DAY)} d ${hours} h`
}

/** What is left until `at`, to the second while it is under an hour: `4:09`, `-0:31`, `2 h 10`, `-1 d 3 h`. */
export function countdown(at: number, now: number): string {
  const left = at - now
  const sign = left < 0 ? '-' : ''
  const size = Math.abs(left)
  if (size >= HOUR) return sign + duration(size)
  const wholeSeconds = left < 0 ? Math.floor(size / SECOND) : Math.ceil(size / SECOND)
  return `${sign}${Math.floor(wholeSeconds / 60)}:${two(wholeSeconds % 60)}`
}

/** `just now`, `12 min ago`; what lies ahead (clocks differ a little) is just now, too. */
export function ago(at: number, now: number): string {
  return now - at < 5 * SECOND ? 'just now' : `${duration(now - at)} ago`
}

const clockTime = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit' })
const dayAndTime = new Intl.DateTimeFormat(undefined, {
  weekday: 'short',
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
})
const everything = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'long' })

const hourAndMinute = new Intl.DateTimeFormat(undefined, { hour: 'numeric', minute: '2-digit' })
/** For the axis of a chart. */
export const timeOfDay = (at: number): string => hourAndMinute.format(at)

const dayAndMonth = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' })
/** For the axis of a chart over days. */
export const dayOfYear = (at: number): string => dayAndMonth.format(at)

/** In the reader's own time zone: the time alone when it is today, else with its day. */
export function instant(at: number, now: number): string {
  const isToday = new Date(at).toDateString() === new Date(now).toDateString()
  return isToday ? clockTime.format(at) : dayAndTime.format(at)
}

/** With date and time zone, for a hover. */
export const fullInstant = (at: number): string => everything.format(at)
