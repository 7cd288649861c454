import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { days } from '#shared/domain/time.ts'
import { assignee } from '../../../server/people/assign.ts'
import { type Member, onCall, type Roster, rosterFor, who } from '../../../server/people/roster.ts'

const member = (id: string, more: Partial<Member> = {}): Member => ({
  ...{ id, name: id, organisationId: null, isAdmin: false, teams: ['tier1'], leads: [], skills: [], wipLimit: null },
  ...more,
})
const roster = (more: Partial<Roster> = {}): Roster => ({
  ...{ members: [member('a'), member('b'), member('c')], shifts: [], rotations: [], overrides: [], absences: [] },
  passesTo: (team) => ({ tier1: 'tier2', tier2: 'tier3' })[team],
  ...more,
})
const ids = (people: readonly { id: string }[]): string => people.map(({ id }) => id).join('')
const at = (text: string): number => Temporal.ZonedDateTime.from(text).epochMilliseconds
const noon = at('2026-11-23T12:00[Europe/Berlin]')
const rota = {
  team: 'tier1',
  personIds: ['a', 'b', 'c'],
  startsOn: '2026-11-23',
  handOver: '09:00',
  everyDays: 7,
  timeZone: 'Europe/Berlin',
}

describe('who works', () => {
  it('everybody who is there, where a team has no shifts', () => {
    expect(ids(who(roster({ absences: [{ personId: 'b', from: noon - 1, until: noon + 1 }] }), 'tier1', noon))).toBe('ac')
  })

  it('those whose shift it is; one over midnight counts on the next morning', () => {
    const shift = { team: 'tier1', timeZone: 'Europe/Berlin' }
    const office = { ...shift, personId: 'a', days: ['mon', 'tue'] as const, from: '08:00', to: '18:00' }
    const night = { ...shift, personId: 'b', days: ['mon'] as const, from: '22:00', to: '06:00' }
    const shifts = roster({ shifts: [office, night] })
    expect(ids(who(shifts, 'tier1', noon))).toBe('a')
    expect(ids(who(shifts, 'tier1', at('2026-11-24T05:59[Europe/Berlin]')))).toBe('b')
    expect(ids(who(shifts, 'tier1', at('2026-11-24T06:00[Europe/Berlin]')))).toBe('')
  })

  it('a team without members passes to the next, and at last to the admins', () => {
    const admin = member('z', { isAdmin: true, teams: [] })
    expect(ids(who(roster({ members: [member('t', { teams: ['tier3'] }), admin] }), 'tier1', noon))).toBe('t')
    expect(ids(who(roster({ members: [admin] }), 'tier1', noon))).toBe('z')
  })

  it('nobody of another organisation', () => {
    const members = [member('a', { organisationId: 'acme' }), member('o', { organisationId: 'other' }), member('p')]
    expect(ids(who(rosterFor(roster({ members }), 'acme', null), 'tier1', noon))).toBe('ap')
  })
})

describe('who is on call', () => {
  it('whoever has the turn, then the next ones; handed over at its time of day', () => {
    const on = roster({ rotations: [rota] })
    expect(ids(onCall(on, 'tier1', noon).people)).toBe('abc')
    expect(ids(onCall(on, 'tier1', at('2026-11-30T08:59[Europe/Berlin]')).people)).toBe('abc')
    expect(ids(onCall(on, 'tier1', at('2026-11-30T09:00[Europe/Berlin]')).people)).toBe('bca')
  })

  it('an override comes first, and whoever is away leaves the turn to the next', () => {
    const overrides = [{ team: 'tier1', personId: 'c', from: noon - 1, until: noon + 1 }]
    expect(ids(onCall(roster({ rotations: [rota], overrides }), 'tier1', noon).people)).toBe('cab')
  })

  it('has whoever is on call for a site called there first, and nowhere else', () => {
    const span = { team: 'tier1', from: noon - 1, until: noon + 1 }
    const overrides = [
      { ...span, personId: 'c', siteId: null },
      { ...span, personId: 'b', siteId: 'berlin' },
    ]
    const calledOn = (siteId: string | null) =>
      ids(onCall(rosterFor(roster({ rotations: [rota], overrides }), 'acme', siteId), 'tier1', noon).people)
    expect(calledOn('berlin')).toBe('bca')
    expect(calledOn('paris')).toBe('cab')
    expect(calledOn(null)).toBe('cab')
    const absences = [{ personId: 'a', from: noon - 1, until: noon + 1 }]
    expect(ids(onCall(roster({ rotations: [rota], absences }), 'tier1', noon).people)).toBe('bc')
  })

  it('an empty rota is the whole team, then the admins, and says so', () => {
    const away = (id: string) => ({ personId: id, from: noon - 1, until: noon + 1 })
    const members = [member('a'), member('b'), member('z', { isAdmin: true, teams: [] })]
    const one = { ...rota, personIds: ['a'] }
    expect(onCall(roster({ members, rotations: [one], absences: [away('a')] }), 'tier1', noon)).toMatchObject({
      by: 'team',
      people: [{ id: 'b' }],
    })
    expect(onCall(roster({ members, rotations: [one], absences: [away('a'), away('b')] }), 'tier1', noon)).toMatchObject({ by: 'admins' })
    expect(onCall(roster({ members: [] }), 'tier1', noon)).toEqual({ by: 'nobody', people: [] })
  })

  const zones = ['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kolkata', 'Africa/Casablanca', 'America/Santiago']
  const clock = fc
    .tuple(fc.nat(23), fc.nat(59))
    .map(([hour, minute]) => `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`)
  /** Ten years with all their clock changes. */
  const instant = fc.integer({ min: Date.UTC(2024, 0, 1) / 60_000, max: Date.UTC(2034, 0, 1) / 60_000 }).map((minute) => minute * 60_000)

  it('is one person at every minute, and each turn lasts from one hand-over to the next, whatever the clocks do', () => {
    const turn = fc.record({ timeZone: fc.constantFrom(...zones), handOver: clock, everyDays: fc.integer({ min: 1, max: 14 }) })
    fc.assert(
      fc.property(turn, instant, (chosen, now) => {
        const rotation = { ...rota, ...chosen }
        const start = Temporal.PlainDate.from(rotation.startsOn)
        const begins = (nth: number): number =>
          start.add({ days: nth * rotation.everyDays }).toZonedDateTime({ timeZone: rotation.timeZone, plainTime: rotation.handOver })
            .epochMilliseconds
        let nth = Math.floor((now - begins(0)) / days(rotation.everyDays)) - 2
        while (begins(nth + 1) <= now) nth += 1
        expect(onCall(roster({ rotations: [rotation] }), 'tier1', now).people[0]?.id).toBe('abc'[((nth % 3) + 3) % 3])
      }),
      { numRuns: 300 },
    )
  })

  it('a shift holds exactly the minutes that its wall clock shows, also when the clocks change', () => {
    const chosen = fc.record({ timeZone: fc.constantFrom(...zones), from: clock, to: clock })
    fc.assert(
      fc.property(chosen, instant, ({ timeZone, from, to }, now) => {
        fc.pre(from < to)
        const shift = { team: 'tier1', personId: 'a', days: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const, from, to, timeZone }
        const isWorking = who(roster({ shifts: [shift] }), 'tier1', now).length === 1
        const wall = Temporal.Instant.fromEpochMilliseconds(now).toZonedDateTimeISO(timeZone)
        // Within three hours of a clock change, a wall clock alone doesn't say which of two minutes it is.
        fc.pre(wall.subtract({ hours: 3 }).offset === wall.add({ hours: 3 }).offset && wall.startOfDay().offset === wall.offset)
        const shown = wall.toPlainTime().toString({ smallestUnit: 'minute' })
        expect(isWorking).toBe(from <= shown && shown < to)
      }),
      { numRuns: 300 },
    )
  })
})

describe('who gets a ticket', () => {
  const about = { team: 'tier1', skills: [], load: new Map<string, number>(), history: [] }
  it('whoever has least to do, within their limit', () => {
    const members = [member('a'), member('b', { wipLimit: 1 }), member('c')]
    const load = new Map([
      ['a', 3],
      ['b', 1],
      ['c', 2],
    ])
    expect(assignee(roster({ members }), { ...about, load }, noon)?.id).toBe('c')
  })
  it('whoever has the skills, then whoever knows the machine', () => {
    const members = [member('a', { skills: ['network'] }), member('b'), member('c', { skills: ['network'] })]
    expect(assignee(roster({ members }), { ...about, skills: ['network'], history: ['b', 'c'] }, noon)?.id).toBe('c')
  })
  it('nobody on shift: whoever is on call', () => {
    const shift = { team: 'tier1', personId: 'a', days: ['sun'] as const, from: '08:00', to: '09:00', timeZone: 'UTC' }
    expect(assignee(roster({ shifts: [shift], rotations: [{ ...rota, personIds: ['c', 'a'] }] }), about, noon)?.id).toBe('c')
  })
  it('a VIP’s technician, while they work and have room, whatever they can do; else as everybody’s', () => {
    const shift = { team: 'tier2', personId: 'z', days: ['mon'] as const, from: '08:00', to: '18:00', timeZone: 'UTC' }
    const members = [member('a'), member('b'), member('z', { teams: ['tier2'], wipLimit: 2 })]
    const named = { personId: 'z', among: ['tier1', 'tier2'] }
    const of = (more: Partial<Roster>, load: number, among = named.among) =>
      assignee(
        roster({ members, ...more }),
        { ...about, skills: ['network'], load: new Map([['z', load]]), named: { ...named, among } },
        noon,
      )?.id
    expect(of({}, 1)).toBe('z')
    expect(of({}, 2)).toBe('a')
    expect(of({}, 1, ['tier1'])).toBe('a')
    expect(of({ absences: [{ personId: 'z', from: 0, until: noon + 1 }] }, 1)).toBe('a')
    expect(of({ shifts: [{ ...shift, days: ['sun'] }] }, 1)).toBe('a')
  })
  it('nobody, when all have as much as they take on', () => {
    expect(assignee(roster({ members: [member('a', { wipLimit: 0 })] }), about, noon)).toBeUndefined()
  })
})
