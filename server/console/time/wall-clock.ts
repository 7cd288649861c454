/** What a clock on the wall there shows, as UTC would count it. */
function shownAt(at: number, timeZone: string): number {
  const parts = new Intl.DateTimeFormat('en-GB', {
    ...{ timeZone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric' },
    ...{ hour: 'numeric', minute: 'numeric', second: 'numeric' },
  }).formatToParts(at)
  const read = (type: string): number => Number(parts.find((part) => part.type === type)?.value)
  return Date.UTC(read('year'), read('month') - 1, read('day'), read('hour'), read('minute'), read('second'))
}

/**
 * The instant at which a clock there shows `local` ("2026-11-29T02:00", as a field for date and time says it). Of a time that comes
 * twice it is the first, and one that is skipped is as much later. NaN for what is no time.
 */
export function instantThere(local: string, timeZone: string): number {
  const wanted = Date.parse(`${local}Z`)
  if (Number.isNaN(wanted)) return wanted
  const DAY_MS = 86_400_000
  const offsets = [wanted - DAY_MS, wanted + DAY_MS].map((near) => shownAt(near, timeZone) - near)
  const fitting = offsets.map((offset) => wanted - offset).filter((at) => shownAt(at, timeZone) === wanted)
  return fitting.length > 0 ? Math.min(...fitting) : wanted - Math.min(...offsets)
}

/** As people there say it: "Sun 29 Nov, 02:00". */
export function sayThere(at: number, timeZone: string): string {
  const form = { timeZone, weekday: 'short', day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' } as const
  return new Intl.DateTimeFormat(undefined, form).format(at)
}

/** The time of day alone. */
export const timeThere = (at: number, timeZone: string): string =>
  new Intl.DateTimeFormat(undefined, { timeZone, hour: '2-digit', minute: '2-digit' }).format(at)
