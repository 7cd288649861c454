import fc from 'fast-check'
import { expect, it } from 'vitest'
import { instantThere } from '../../../server/console/time/wall-clock.ts'

const there = (local: string, timeZone: string): number => Temporal.PlainDateTime.from(local).toZonedDateTime(timeZone).epochMilliseconds

it('finds the instant at which a clock there shows a time, on the days on which clocks are set too', () => {
  expect(instantThere('2026-11-29T02:00', 'Europe/Berlin')).toBe(Date.UTC(2026, 10, 29, 1))
  // Skipped: as much later. Twice: the first.
  expect(instantThere('2026-03-29T02:30', 'Europe/Berlin')).toBe(there('2026-03-29T02:30', 'Europe/Berlin'))
  expect(instantThere('2026-10-25T02:30', 'Europe/Berlin')).toBe(there('2026-10-25T02:30', 'Europe/Berlin'))
  expect(instantThere('', 'Europe/Berlin')).toBeNaN()
})

it('agrees with Temporal in any zone at any time', () => {
  const zones = fc.constantFrom('Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kathmandu', 'UTC')
  const minutes = fc.integer({ min: Date.UTC(2020, 0) / 60_000, max: Date.UTC(2035, 0) / 60_000 })
  fc.assert(
    fc.property(zones, minutes, (zone, minute) => {
      const local = new Date(minute * 60_000).toISOString().slice(0, 16)
      expect(instantThere(local, zone)).toBe(there(local, zone))
    }),
  )
})
