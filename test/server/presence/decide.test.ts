import { describe, expect, it } from 'vitest'
import { hours, minutes, seconds } from '#shared/domain/time.ts'
import { decide } from '../../../server/presence/decide.ts'
import { type Judgement, type Machine, type Place, type Sight, together } from '../../../server/presence/judgement.ts'
import { defaultLimits } from '../../../server/presence/limits.ts'

const start = 1_800_000_000_000
/** We have seen all for a day. */
const always: Sight = { lostAt: start - hours(25), since: start - hours(24) }

const machine = (endpointId: string, differs: Partial<Machine> = {}): Machine => ({
  ...{
    endpointId,
    organisationId: 'acme',
    placeId: null,
    hostname: endpointId,
    role: 'server',
    isAway: true,
    isRemoved: false,
    lastHeardAt: start,
  },
  ...{ goodbye: null, said: null },
  ...differs,
})
const site = (differs: Partial<Place> = {}): Place => ({
  ...{ id: 'site-1', organisationId: 'acme', name: 'Berlin', isSite: true, connected: 0, left: [], silence: null },
  ...differs,
})
const judged = (machines: Machine[], now: number, sight = always, places: Place[] = []) =>
  together([...decide({ machines, places }, sight, defaultLimits, now)])
const saysOf = ({ signals }: Judgement) => signals.map(({ kind, state, endpointId }) => [kind, state, endpointId])

describe('one machine', () => {
  it.each([
    ['core', null, minutes(3)],
    ['server', null, minutes(5)],
    ['unknown', null, minutes(5)],
    ['workstation', null, minutes(5)],
    ['core', 'stop', minutes(3)],
    ['core', 'reboot', minutes(20)],
    ['server', 'update', minutes(20)],
    ['core', 'shutdown', hours(12)],
    ['server', 'sleep', hours(12)],
  ] as const)('that is %s and said %s is silent after %d ms, not a millisecond before', (role, goodbye, limitMs) => {
    const gone = [machine('a', { role, goodbye })]
    expect(judged(gone, start + limitMs - 1).signals).toEqual([])
    const silent = judged(gone, start + limitMs)
    expect(silent.said).toMatchObject([{ endpoint_id: 'a', said: 'silent' }])
    expect(silent.signals).toMatchObject([{ kind: 'presence.silent', severity: role === 'workstation' ? 'info' : 'high', state: 'raised' }])
  })

  it('is said once, and taken back when it returns', () => {
    const said = { said: 'silent', said_at: start, site_id: null } as const
    expect(judged([machine('a', { said })], start + hours(24))).toEqual(together([]))
    const back = judged([machine('a', { said, isAway: false })], start + hours(1))
    expect(saysOf(back)).toEqual([['presence.silent', 'cleared', 'a']])
    expect(back.returned).toEqual(['a'])
  })

  it('has its whole chance once we can see again, whatever it had announced and however long we were away', () => {
    const since = start + hours(30)
    const sight = { lostAt: start, since }
    for (const goodbye of [null, 'reboot', 'shutdown'] as const) {
      expect(judged([machine('a', { goodbye })], since + minutes(5) - 1, sight).signals).toEqual([])
      expect(judged([machine('a', { goodbye })], since + minutes(5), sight).signals).toHaveLength(1)
    }
  })

  it('is counted from when our clock was set back', () => {
    const sight = { lostAt: start + hours(1), since: start }
    expect(judged([machine('a', { lastHeardAt: start + hours(1) })], start + minutes(5) - 1, sight).signals).toEqual([])
    expect(judged([machine('a', { lastHeardAt: start + hours(1) })], start + minutes(5), sight).signals).toHaveLength(1)
  })
})

const three = (differs: Partial<Machine> = {}) =>
  [0, 60, 120].map((second, index) =>
    machine(`m${index}`, { placeId: 'site-1', role: 'core', lastHeardAt: start + seconds(second), ...differs }),
  )
const settled = start + minutes(3)
const silence = { machines: 3, said_at: settled, ordered_at: null }

describe('a site', () => {
  it('is one signal about the site, and none about its machines, however soon theirs would be due', () => {
    const judgement = judged(three(), settled, always, [site({ connected: 3 })])
    expect(saysOf(judgement)).toEqual([['presence.site-silent', 'raised', null]])
    expect(judgement.said.map(({ said }) => said)).toEqual(['with-site', 'with-site', 'with-site'])
    expect(judgement.sites).toMatchObject([{ site_id: 'site-1', machines: 3 }])
  })

  it('waits until the last has been away for a minute', () => {
    expect(judged(three(), settled - 1, always, [site({ connected: 3 })]).signals).toEqual([])
  })

  it.each([
    ['fewer than half went', three(), site({ connected: 4 })],
    ['they went over more than two minutes', three().map((each, index) => ({ ...each, lastHeardAt: start + index * 61_000 })), site()],
    ['they announced it', three({ goodbye: 'shutdown' }), site()],
    ['it is only two', three().slice(0, 2), site()],
  ])('is not silent when %s', (_why, machines, place) => {
    expect(saysOf(judged(machines, start + minutes(4), always, [place]))).not.toContainEqual(['presence.site-silent', 'raised', null])
  })

  it('counts among those that were there only who went in the five minutes before', () => {
    const leftBefore = (ms: number) => [site({ left: Array.from({ length: 4 }, () => start - ms) })]
    expect(saysOf(judged(three(), settled, always, leftBefore(minutes(4))))).not.toContainEqual(['presence.site-silent', 'raised', null])
    expect(saysOf(judged(three(), settled, always, leftBefore(minutes(6))))).toEqual([['presence.site-silent', 'raised', null]])
  })

  it('covers who follows later, except who said when it would be back', () => {
    const said = { said: 'with-site', said_at: settled, site_id: 'site-1' } as const
    const late = machine('late', { placeId: 'site-1', lastHeardAt: settled })
    const rebooting = machine('rebooting', { placeId: 'site-1', goodbye: 'reboot' })
    const judgement = judged([...three({ said }), late, rebooting], start + minutes(20), always, [site({ silence })])
    expect(saysOf(judgement)).toEqual([['presence.silent', 'raised', 'rebooting']])
    expect(judgement.sites).toMatchObject([{ machines: 4 }])
  })

  it('is back when most of its machines are; the rest are counted anew', () => {
    const said = { said: 'with-site', said_at: settled, site_id: 'site-1' } as const
    const [a, b, c] = three({ said }) as [Machine, Machine, Machine]
    const now = settled + minutes(20)
    const one = judged([{ ...a, isAway: false }, b, c], now, always, [site({ silence, connected: 1 })])
    expect(saysOf(one)).toEqual([])
    const two = judged([{ ...b, isAway: false }, c], now, always, [site({ silence, connected: 2 })])
    expect(saysOf(two)).toEqual([['presence.site-silent', 'cleared', null]])
    expect(two.said).toMatchObject([{ endpoint_id: c.endpointId, said: 'excused' }])
    const excused = { ...c, said: { said: 'excused', said_at: now, site_id: null } as const }
    expect(judged([excused], now + minutes(3) - 1).signals).toEqual([])
    expect(saysOf(judged([excused], now + minutes(3)))).toEqual([['presence.silent', 'raised', c.endpointId]])
  })

  it('is not silent because we were away: its machines have their chance, and then it is one signal', () => {
    const since = start + hours(8)
    const sight = { lostAt: start + minutes(2), since }
    expect(judged(three(), since + minutes(3) - 1, sight, [site()]).signals).toEqual([])
    expect(saysOf(judged(three(), since + minutes(3), sight, [site()]))).toEqual([['presence.site-silent', 'raised', null]])
  })

  it('is not silent by machines that had gone long before we could see', () => {
    const judgement = judged(three(), start + hours(9), { lostAt: start + hours(7), since: start + hours(8) }, [site()])
    expect(saysOf(judgement).map(([kind]) => kind)).toEqual(['presence.silent', 'presence.silent', 'presence.silent'])
  })

  it('sends somebody there once, half an hour later, and nobody any more when it is back', () => {
    const said = { said: 'with-site', said_at: settled, site_id: 'site-1' } as const
    const later = settled + minutes(30)
    expect(judged(three({ said }), later - 1, always, [site({ silence })]).signals).toEqual([])
    const order = judged(three({ said }), later, always, [site({ silence })])
    expect(order.signals).toMatchObject([{ kind: 'presence.site-visit', state: 'raised', endpointId: null, severity: 'critical' }])
    expect(order.signals[0]?.summary).toBe('Somebody has to go there: the site Berlin has been silent for 30 minutes, 3 machines')
    expect(order.sites).toEqual([{ site_id: 'site-1', organisation_id: 'acme', machines: 3, said_at: settled, ordered_at: later }])
    const sent = site({ silence: { ...silence, ordered_at: later } })
    expect(judged(three({ said }), later + minutes(1), always, [sent]).signals).toEqual([])
    expect(saysOf(judged([], later + minutes(1), always, [sent]))).toEqual([
      ['presence.site-silent', 'cleared', null],
      ['presence.site-visit', 'cleared', null],
    ])
  })

  it('sends nobody for the time in which it was we who were away', () => {
    const said = { said: 'with-site', said_at: settled, site_id: 'site-1' } as const
    const since = settled + hours(9)
    const sight = { lostAt: settled + minutes(1), since }
    expect(judged(three({ said }), since + minutes(3) - 1, sight, [site({ silence })]).signals).toEqual([])
    expect(saysOf(judged(three({ said }), since + minutes(3), sight, [site({ silence })]))).toEqual([
      ['presence.site-visit', 'raised', null],
    ])
  })

  it('keeps when it fell silent while it grows, whoever is sent at the same look', () => {
    const said = { said: 'with-site', said_at: settled, site_id: 'site-1' } as const
    const later = settled + minutes(30)
    const late = machine('late', { placeId: 'site-1', lastHeardAt: settled })
    const judgement = judged([...three({ said }), late], later, always, [site({ silence })])
    expect(judgement.sites).toEqual([{ site_id: 'site-1', organisation_id: 'acme', machines: 4, said_at: settled, ordered_at: later }])
  })

  it('may be an organisation without sites, which is called by its name', () => {
    const whole = site({ id: 'acme', name: 'Acme', isSite: false, connected: 1 })
    const machines = three().map((each) => ({ ...each, placeId: 'acme' }))
    expect(judged(machines, settled, always, [whole]).signals).toMatchObject([
      { kind: 'presence.site-silent', summary: 'The whole organisation Acme fell silent: 3 of 4 machines' },
    ])
  })
})

it('costs no more than sorting, when everybody at a large place is gone', () => {
  const gone = Array.from({ length: 20_000 }, (_, index) =>
    machine(`m${index}`, { placeId: 'site-1', lastHeardAt: start - index * seconds(10) }),
  )
  const { user } = process.cpuUsage()
  judged(gone, start + seconds(30), { lostAt: 0, since: 0 }, [site()])
  expect((process.cpuUsage().user - user) / 1_000).toBeLessThan(1_000)
})
