import { expect, it } from 'vitest'
import { days } from '#shared/domain/time.ts'
import { type Noted, noiseOf } from '../../../server/figures/noise-meter.ts'
import { defaultMatrix } from '../../support/desk-room.ts'

const noted: Noted = {
  ...{ workstations: 200, servers: 40, workstationTickets: 20, serverTickets: 21, pages: 3, securityTickets: 20, falseAlarms: 2 },
}

it('a desk just at its aims meets them, and one ticket or page more does not', async () => {
  const matrix = await defaultMatrix()
  const lines = noiseOf(noted, matrix, { from: 0, to: days(14) })
  expect(lines.map(({ what, value, isMet }) => [what, value, isMet])).toEqual([
    ['workstation-tickets', 1, true],
    ['server-tickets', 1.05, false],
    ['pages', expect.closeTo(2.68, 2), false],
    ['false-alarms', 10, true],
  ])
  expect(noiseOf({ ...noted, workstationTickets: 21 }, matrix, { from: 0, to: days(14) })[0]?.isMet).toBe(false)
})
