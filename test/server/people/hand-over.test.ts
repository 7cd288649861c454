import { expect, it } from 'vitest'
import { days } from '#shared/domain/time.ts'
import { handOver } from '../../../server/people/hand-over.ts'
import type { Roster, Rotation } from '../../../server/people/roster.ts'

const at = (text: string): number => Temporal.ZonedDateTime.from(`${text}[Europe/Berlin]`).epochMilliseconds
const rota: Rotation = {
  ...{ team: 'tier1', personIds: ['a', 'b', 'c'], startsOn: '2026-11-23', handOver: '09:00', everyDays: 7, timeZone: 'Europe/Berlin' },
}
const roster = (more: Partial<Roster>): Roster => ({
  members: ['a', 'b', 'c'].map((id) => ({
    ...{ id, name: id, organisationId: null, isAdmin: false, teams: ['tier1'], leads: [], skills: [], wipLimit: null },
  })),
  ...{ shifts: [], rotations: [], overrides: [], absences: [], passesTo: () => undefined },
  ...more,
})
const next = (more: Partial<Roster>, now: number) => {
  const found = handOver(roster(more), 'tier1', now)
  return found && [found.people[0]?.id, found.at]
}
const noon = at('2026-11-24T12:00')

it('hands over at the time of day of the next turn, the morning of it included', () => {
  expect(next({ rotations: [rota] }, noon)).toEqual(['b', at('2026-11-30T09:00')])
  expect(next({ rotations: [rota] }, at('2026-11-30T08:59'))).toEqual(['b', at('2026-11-30T09:00')])
  expect(next({ rotations: [rota] }, at('2026-11-30T09:00'))).toEqual(['c', at('2026-12-07T09:00')])
})

it('passes over whoever is away when their turn comes', () => {
  const absences = [{ personId: 'b', from: at('2026-11-29T00:00'), until: at('2026-12-20T00:00') }]
  expect(next({ rotations: [rota], absences }, noon)).toEqual(['c', at('2026-11-30T09:00')])
})

it('heeds who stands in, from when and until when', () => {
  const overrides = [{ team: 'tier1', personId: 'c', from: noon + 1, until: noon + days(1) }]
  expect(next({ rotations: [rota], overrides }, noon)).toEqual(['c', noon + 1])
  expect(next({ rotations: [rota], overrides }, noon + 1)).toEqual(['a', noon + days(1)])
})

it('says nothing where no change is planned', () => {
  expect(next({}, noon)).toBeUndefined()
  expect(next({ rotations: [{ ...rota, personIds: ['a'] }] }, noon)).toBeUndefined()
})
