import type { Ledger, Line } from './ledger.ts'

interface About {
  number: number
  title: string
  priority: string
  team: string
  status: string
}

/** The ledger as people read it on a terminal: a line for each stretch, and the sum that proves that none is missing. */
export function printLedger({ number, title, priority, team, status }: About, ledger: Ledger): string {
  const zone = ledger.named?.timeZone ?? 'UTC'
  const head = `#${number} ${title}\n${priority}, ${team}, ${status}. ${hoursOf(ledger)}\n`
  const rows = ledger.lines.map((line) => [wall(line.from, zone), wall(line.to, zone), span(line.to - line.from), what(line)])
  const { running, paused, outside, ended } = ledger.totals
  const parts = [
    [running, 'running'],
    [paused, 'paused'],
    [outside, 'outside hours'],
    [ended, 'ended'],
  ] as const
  const sum = parts.flatMap(([ms, name]) => (ms > 0 ? [`${span(ms)} ${name}`] : [])).join(' + ')
  return `${head}\n${table([['from', 'to', 'for', ''], ...rows])}\n${span(ledger.to - ledger.from)} in all = ${sum || '0:00:00'}\n${promisesOf(ledger, zone)}`
}

const hoursOf = ({ named }: Ledger): string =>
  named === null ? 'From before promises were written down: every minute counts.' : `It counts in “${named.calendar}”, ${named.timeZone}.`

function promisesOf({ promises }: Ledger, zone: string): string {
  return promises
    .map(({ promise, by, owedMs, ranMs, state }) => {
      if (by === null) return `To ${promise}: nothing is promised.\n`
      const standing = { running: 'is still owed', kept: 'was kept', broken: 'was broken', none: '' }[state]
      return `To ${promise} by ${wall(by, zone)}: ${standing}; ${span(ranMs)} of ${span(owedMs ?? 0)} ran.\n`
    })
    .join('')
}

const what = ({ state, why }: Line): string =>
  ({ running: 'running', paused: `paused: waits for the ${why}`, outside: 'outside hours', ended: 'ended' })[state]

/** "Mon 2026-11-23 09:00:00", as the wall there showed it. */
function wall(instant: number, timeZone: string): string {
  const there = Temporal.Instant.fromEpochMilliseconds(instant).toZonedDateTimeISO(timeZone)
  const weekday = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'][there.dayOfWeek - 1] ?? ''
  return `${weekday} ${there.toPlainDate()} ${there.toPlainTime().toString({ smallestUnit: 'second' })}`
}

/** "26:05:09", and the milliseconds where there are some: nothing is rounded away. */
function span(ms: number): string {
  const [hours, minutes, seconds, rest] = [
    Math.floor(ms / 3_600_000),
    Math.floor(ms / 60_000) % 60,
    Math.floor(ms / 1_000) % 60,
    ms % 1_000,
  ]
  const two = (value: number): string => String(value).padStart(2, '0')
  return `${hours}:${two(minutes)}:${two(seconds)}${rest === 0 ? '' : `.${String(rest).padStart(3, '0')}`}`
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('')
}
