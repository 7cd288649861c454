import { describe, expect, it } from 'vitest'
import type { Severity } from '#shared/domain/severity.ts'
import { days, hours, minutes } from '#shared/domain/time.ts'
import { hasDesign, roles, rowOf, section, span, table } from '../../support/design.ts'
import { defaultMatrix } from '../../support/desk-room.ts'

/* Promises, time-boxes, being heard, noise and powers of the design, cell by cell, against the matrix that ships. */
const matrix = await defaultMatrix()
const priorities = ['P1', 'P2', 'P3', 'P4'] as const
type Cells = [string, (typeof priorities)[number], string][]
/** A row's cells after its first, by priority. */
const cellsOf = ([, ...cells]: string[]): [(typeof priorities)[number], string][] => priorities.map((each, at) => [each, cells[at] ?? ''])
const workingDay = hours(10)
const inHours = (cell: string): number | undefined => {
  const [, count] = /(\d+) working days?/.exec(cell) ?? []
  return count === undefined ? span(cell) : Number(count) * workingDay
}

describe.skipIf(!hasDesign)('words', () => {
  const words = section(1)

  it('the grid', () => {
    const grid = Object.fromEntries(
      [...(/\*\*Grid\*\*[^:]*: (.*?)\. By number/.exec(words)?.[1]?.split(' · ') ?? [])].flatMap((part) => {
        const [, cells = '', priority = ''] = /^([HML, ]+) (P\d)$/.exec(part) ?? []
        return cells.split(', ').map((cell) => [cell, priority])
      }),
    )
    const letters = { H: 'high', M: 'medium', L: 'low' } as const
    expect(Object.keys(grid)).toHaveLength(9)
    for (const [cell, priority] of Object.entries(grid)) {
      const [impact = 'H', urgency = 'H'] = [...cell] as ('H' | 'M' | 'L')[]
      expect(matrix.grid[letters[impact]][letters[urgency]], cell).toBe(priority)
    }
  })

  it('urgency from severity', () => {
    const said = /\*\*Urgency\*\* from severity: (.*?)\./.exec(words)?.[1] ?? ''
    const pairs = said.split('; ').flatMap((part) => {
      const [severities = '', urgency] = part.split(' → ')
      return severities.split(', ').map((severity) => [severity as Severity, urgency])
    })
    expect(Object.fromEntries(pairs)).toEqual(matrix.urgency)
  })

  it('impact', () => {
    expect(words).toContain(
      'ws low; srv medium, or ≥ 3 machines or ≥ 20 % of a site; core high, or ≥ 10 machines or ≥ 50 % of a site (at least 3)',
    )
    expect(matrix.impact.byRole).toEqual({ workstation: 'low', server: 'medium', core: 'high' })
    expect(matrix.impact.byMachines).toEqual({
      medium: { machines: 3, sitePercent: 20, siteAtLeast: 3 },
      high: { machines: 10, sitePercent: 50, siteAtLeast: 3 },
    })
    expect(words).toContain('critical → high, high and medium → at least medium')
    expect(matrix.impact.ofSecurityAtLeast).toEqual({ critical: 'high', high: 'medium', medium: 'medium' })
    expect(words).toContain('only presence, network and security kinds reach P1; others stop at P2')
    expect(matrix.impact.byMachinesAtMost).toEqual({ priority: 'P2', except: ['presence.*', 'network.*', 'security.*'] })
    expect(words).toContain('Tagged `payroll` on payroll days, `pos` in opening hours: high')
    expect(matrix.impact.byTag).toMatchObject({ payroll: { impact: 'high' }, pos: { impact: 'high', during: 'office' } })
  })

  it('the digest', () => expect(words).toContain(`line in the team's daily digest (${matrix.digest.at} its time)`))
})

describe.skipIf(!hasDesign)('promises', () => {
  const plans = ['standard', 'round-the-clock', 'watch']
  const promised: Cells = plans.flatMap((plan) =>
    cellsOf(rowOf(3, `plan \`${plan}\``)).map(([priority, cell]): Cells[number] => [plan, priority, cell]),
  )

  it.each(promised)('plan %s, %s: %s', (plan, priority, cell) => {
    const promise = matrix.promises.plans[plan]?.[priority]
    if (cell === 'D') return expect(promise).toBe('digest')
    const meant = cell === 'as standard' ? cellsOf(rowOf(3, 'plan `standard`')).find(([each]) => each === priority)?.[1] : cell
    const [respond = '', resolve = ''] = meant?.split(' / ') ?? []
    expect(promise).toMatchObject({ respond: span(respond), ...(span(resolve) !== undefined && { resolve: span(resolve) }) })
    expect(span(resolve) === undefined).toBe(typeof promise === 'object' && promise.resolve === undefined)
    expect(promise).toMatchObject({ calendar: plan === 'round-the-clock' && priority < 'P3' ? 'always' : 'office' })
  })

  it.each(cellsOf(rowOf(3, 'team security')))('team security, %s: %s', (priority, cell) => {
    const [respond = '', resolve = ''] = cell.split(' / ')
    const isAlways = priority === 'P1'
    const calendars = isAlways ? { calendar: 'always' } : { calendar: 'office', whenPaged: 'always' }
    expect(matrix.promises.teams.security?.[priority]).toEqual({ respond: span(respond), resolve: span(resolve), ...calendars })
  })

  it.each(cellsOf(rowOf(3, 'word to the requester')))('a word to the requester of a %s every %s', (priority, cell) =>
    expect(matrix.reminders.requester[priority]).toBe(inHours(cell)),
  )

  it('their hours', () => {
    expect(rowOf(3, 'plan `standard`').at(-1)).toBe("site's hours, Mon–Fri 08–18, its holidays")
    expect(matrix.calendars).toMatchObject({
      office: { days: ['mon', 'tue', 'wed', 'thu', 'fri'], from: '08:00', to: '18:00' },
      always: 'always',
    })
  })

  it('waiting', () => {
    expect(section(3)).toContain('own clock: 2 × resolve')
    expect(section(3)).toContain('3 reminders (2, 5, 10 working days), then closed')
    expect(matrix.waiting).toMatchObject({ vendor: { timesResolve: 2 }, customer: { remindAfterDays: [2, 5, 10] } })
  })
})

describe.skipIf(!hasDesign)('time-boxes', () => {
  const named: Record<string, string> = { 'field (appointment made)': 'field', "customer's own IT (unacknowledged)": 'customer-it' }
  const boxes = table(4).flatMap((row) =>
    cellsOf(row).map(([priority, cell]) => ({ team: named[row[0] ?? ''] ?? row[0] ?? '', priority, cell, to: row[5] ?? '' })),
  )

  it('has the rows that are held here', () => expect(table(4)).toHaveLength(Object.keys(matrix.timeBoxes).length))

  it.each(boxes)('$team, $priority: $cell, then $to', ({ team, priority, cell, to }) => {
    const box = matrix.timeBoxes[team]?.[priority]
    if (cell === '–') return expect(box).toBeUndefined()
    const [, special, otherwise] = /P1 (tier\d), else (tier\d)/.exec(to) ?? /.*()()/.exec(to) ?? []
    const [, first, urgent] = /^(tier\d) of the provider \(P1 (tier\d)\)/.exec(to) ?? []
    const where = to.startsWith('stays') ? 'stays' : priority === 'P1' ? special || urgent || to : otherwise || first || to
    const from = to.includes('provider') ? 'untaken' : /of work/.test(cell) ? 'work' : priority < 'P3' ? 'arrival' : 'work'
    expect(box).toEqual({ box: span(cell), from, to: where })
  })
})

describe.skipIf(!hasDesign)('being heard', () => {
  it('a P1 pages wider and wider, without end', () => {
    expect(rowOf(5, 'at opening')[1]).toBe('page owner on call, again every 2 min')
    expect(rowOf(5, 'not acknowledged')[1]).toBe(
      '5 min second on call; 10 min whole team and admins; then all every 5 min, **without end**',
    )
    expect(matrix.paging.P1).toEqual([
      { after: 0, to: ['on-call'], every: minutes(2) },
      { after: minutes(5), to: ['on-call', 'second'], every: minutes(2) },
      { after: minutes(10), to: ['team', 'admins'], every: minutes(5) },
    ])
  })

  it('what nobody acknowledges', () => {
    const [, , p2 = '', p3, p4] = rowOf(5, 'not acknowledged')
    const [, second, lead] = /^(\d+) min second; (\d+) min lead$/.exec(p2) ?? []
    const promise = matrix.promises.plans.standard?.P2
    const respond = typeof promise === 'object' ? promise.respond : 0
    const at = (share: number): number => (share / 100) * respond
    expect(matrix.reminders.respond.P2?.map(({ percent, tell }) => [at(percent), tell])).toEqual([
      [minutes(Number(second)), 'second'],
      [minutes(Number(lead)), 'lead'],
    ])
    expect([p3, p4]).toEqual(['75 % of respond: lead', '90 %: lead'])
    expect(matrix.reminders.respond.P3).toEqual([{ percent: 75, tell: 'lead', page: false }])
    expect(matrix.reminders.respond.P4).toEqual([{ percent: 90, tell: 'lead', page: false }])
  })

  it.each(cellsOf(rowOf(5, 'acknowledged, then nobody touches it')))('a %s that nobody touches: %s', (priority, cell) => {
    const steps = cell.split(', ').map((part) => ({
      ...{ after: span(part), tell: /owner|second|lead/.exec(part)?.[0] },
      page: priority === 'P1',
    }))
    expect(matrix.reminders.untouched[priority]).toEqual(steps)
  })

  it.each(cellsOf(rowOf(5, 'promise at 50 / 75 / 90 / 100 %')))('the promise of a %s: %s', (priority, cell) => {
    const whom = cell
      .split(' / ')
      .map((each) => ({ tell: each.startsWith('all') ? 'everybody' : each.split(' ')[0], page: each.includes('page') }))
    const steps = [50, 75, 90, 100].flatMap((percent, at) => (whom[at]?.tell === '–' ? [] : [{ percent, ...whom[at] }]))
    expect(matrix.reminders.resolve[priority]).toEqual(steps)
  })
})

describe.skipIf(!hasDesign)('powers', () => {
  const powers = ['tier1', 'tier2', 'tier3', 'security'].map((team, at) => [team, table(9).map((row) => row[at + 1] ?? '')] as const)
  const yes = (cell: string, role: (typeof roles)[number]): boolean =>
    cell === 'yes' || cell.split(' ').at(-1) === (role === 'workstation' ? 'ws' : role)

  it.each(powers)('of %s', (team, [lookAfter = '', library = '', contain = '', release = '', shell = '']) => {
    for (const role of roles) {
      const has = matrix.powersOf([team], role)
      expect(has.includes('look-after')).toBe(lookAfter === 'yes')
      expect(has.includes('run-library'), `library on ${role}`).toBe(yes(library, role))
      expect(has.includes('answer-ask'), `answers for ${role}`).toBe(
        contain === 'yes' || (contain === 'ask for ws' && role === 'workstation'),
      )
      expect(has.includes('isolate')).toBe(contain === 'yes')
      expect(has.includes('release')).toBe(release === 'yes')
      expect(has.includes('run-anything')).toBe(shell === 'two operators')
    }
  })

  it("of a customer's own IT", () => {
    expect(table(9).map((row) => row[5])).toEqual([
      'yes',
      'ws',
      'answer for own core, if the organisation wants it',
      'with one of the provider',
      'no',
    ])
    expect(matrix.teams['customer-it']?.powers.map(({ power, role }) => (role ? `${power} on ${role}` : power)).sort()).toEqual(
      ['work-tickets', 'answer-ask on core', 'ask-release', 'look-after', 'run-library on workstation'].sort(),
    )
  })
})

describe.skipIf(!hasDesign)('people and modes', () => {
  it('who passes to whom', () => {
    expect(section(6)).toContain(
      'tier1 → tier2 → tier3 → admin; security → admin (P1 paged, with a red banner); field, vcio → tier2, admin',
    )
    const passes = (team: string): string | undefined => matrix.teams[team]?.passesTo
    expect(['tier1', 'tier2', 'tier3', 'security', 'field', 'vcio'].map(passes)).toEqual([
      'tier2',
      'tier3',
      'admin',
      'admin',
      'tier2',
      'tier2',
    ])
  })

  it('a new organisation', () => {
    expect(section(6)).toContain('starts in **observe** for 14 days')
    expect(section(6)).toContain('what is true in the first 24 h after enrolment')
    expect(matrix.onboarding).toEqual({ observes: days(14), asFound: hours(24) })
    expect(matrix.modes).toEqual({
      observe: { isolatesAlone: false, pagesHealth: false },
      live: { isolatesAlone: true, pagesHealth: true },
    })
  })
})
