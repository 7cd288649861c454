import { describe, expect, it } from 'vitest'
import { type Window, zoneIn } from '#shared/protocol/standing-order.ts'
import { openWindow } from '../../../../agent/command/standing/windows.ts'

const at = (text: string): number => Temporal.Instant.from(text).epochMilliseconds
const berlin: Window = { kind: 'window', days: [7], from: '01:00', to: '04:00', timeZone: 'Europe/Berlin' }

describe('a window', () => {
  it.each([
    ['before it opens', '2026-11-22T00:59:00+01:00', undefined],
    ['as it opens', '2026-11-22T01:00:00+01:00', '2026-11-22'],
    ['as it closes', '2026-11-22T04:00:00+01:00', undefined],
    ['on another day', '2026-11-23T02:00:00+01:00', undefined],
    ['in the first of two hours of autumn', '2026-10-25T02:30:00+02:00', '2026-10-25'],
    ['in the second of them', '2026-10-25T02:30:00+01:00', '2026-10-25'],
    ['after the hour that spring leaves out', '2026-03-29T03:10:00+02:00', '2026-03-29'],
  ])('%s', (_when, instant, day) => {
    expect(openWindow(berlin, at(instant))).toBe(day)
  })

  it.each([
    ['2026-11-22T23:30:00+01:00', '2026-11-22'],
    ['2026-11-23T00:30:00+01:00', '2026-11-22'],
    ['2026-11-23T01:00:00+01:00', undefined],
    ['2026-11-22T00:30:00+01:00', undefined],
    // The day before has 23 hours.
    ['2026-03-30T00:30:00+02:00', '2026-03-29'],
  ])('over midnight belongs to the day on which it opened: %s', (instant, day) => {
    expect(openWindow({ ...berlin, from: '23:00', to: '01:00' }, at(instant))).toBe(day)
  })

  it('goes by the clock of the machine’s site only where its signers named that clock', () => {
    const several = { ...berlin, zones: ['America/New_York'] }
    const said = ['America/New_York', 'Asia/Tokyo', undefined].map((zone) => zoneIn(several, zone))
    expect(said).toEqual(['America/New_York', 'Europe/Berlin', 'Europe/Berlin'])
    expect(zoneIn(berlin, 'America/New_York')).toBe('Europe/Berlin')
  })
})
