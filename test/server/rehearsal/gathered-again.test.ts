import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { hours, minutes, seconds } from '#shared/domain/time.ts'
import { createRecurring } from '../../../server/due/recurring.ts'
import { createTurns } from '../../../server/pipeline/turns.ts'
import { readHistory } from '../../../server/rehearsal/history.ts'
import { playAgain } from '../../../server/rehearsal/play-again.ts'
import { type DeskRoom, openDeskRoom } from '../../support/desk-room.ts'
import { addMachines } from '../../support/machines.ts'
import { hire } from '../../support/staff.ts'

vi.setConfig({ testTimeout: 60_000 })

let room: DeskRoom
const eve = { id: 'eve', name: 'eve' }
beforeEach(async () => {
  const stations = Object.fromEntries(Array.from({ length: 9 }, (_, index) => [`ws-${index + 1}`, 'workstation' as const]))
  room = await openDeskRoom({ startsAt: '2026-11-23T09:00:00+01:00', roles: { ...stations, srv: 'server' } })
  await hire(room, 'eve', { teams: '["tier1","tier2","tier3","security"]', is_admin: 1, ways: ['http://127.0.0.1:9/eve'] })
})
afterEach(() => room.close())

const signals = async (...all: Parameters<DeskRoom['signals']>): Promise<void> => {
  await room.signals(...all)
  await room.time.advance(seconds(1))
}
const down = (nth: number, state: 'raised' | 'cleared' = 'raised') =>
  ({ endpointId: `ws-${nth}`, kind: 'health.service.down', severity: 'high', state, summary: 'The proxy is down' }) as const
const canary = (nth: number) =>
  ({
    ...({ endpointId: `ws-${nth}`, kind: 'security.ransomware.canary', severity: 'critical', state: 'happened' } as const),
    facts: { change: 'unreadable' },
  }) as const
const over = (gathers: 'site' | 'storm' | 'endpoint') =>
  room.store.db.selectFrom('tickets').selectAll().where('gathers', '=', gathers).orderBy('number', 'desc').executeTakeFirstOrThrow()
const on = async (gathers: 'site' | 'storm' | 'endpoint') => {
  const { id: ticketId, version } = await over(gathers)
  return { ticketId, version, person: eve }
}
/** What is played again comes out as it was; how many tickets there were. */
const isAsItWas = async (): Promise<number> => {
  const { differing, tickets } = playAgain(await readHistory(room.store.reader))
  expect(
    differing.flatMap(({ told, differences }) => differences.map((each) => ({ number: told.ticket.number, ...each }))).slice(0, 3),
  ).toEqual([])
  return tickets
}

describe('tickets under others, played again, are decided as they were', () => {
  it('of a site: gathered, raised by more machines, taken out, quiet, ended', async () => {
    for (let nth = 1; nth <= 6; nth += 1) await signals(down(nth))
    const child = await room.store.db.selectFrom('tickets').selectAll().where('endpoint_id', '=', 'ws-2').executeTakeFirstOrThrow()
    expect(await room.desk.acknowledge({ ticketId: child.id, version: child.version, person: eve })).toMatchObject({ kind: 'done' })
    await room.time.advance(minutes(1))
    await signals(down(1, 'cleared'), down(3, 'cleared'))
    expect(await room.desk.resolve({ ...(await on('site')), resolution: 'fixed', note: 'the proxy' })).toMatchObject({ kind: 'done' })
    await room.time.advance(hours(2))
    expect(await isAsItWas()).toBeGreaterThanOrEqual(7)
  })

  it('of an attack: one question, nobody answers; and one that a person answers for all', async () => {
    for (let nth = 1; nth <= 5; nth += 1) await signals(canary(nth))
    expect(await room.desk.leave({ ...(await on('site')), reason: 'it is a test' })).toMatchObject({ kind: 'done' })
    await room.time.advance(seconds(1))
    await signals(canary(6), canary(7))
    await room.time.advance(minutes(5))
    expect(await isAsItWas()).toBeGreaterThanOrEqual(8)
  })

  it('of a storm: gathered in many organisations, calm again, raised by a person', async () => {
    const fleet = await addMachines(room, { organisations: 5, machines: 60 })
    const hit = (at: number) => ({
      ...fleet[at],
      kind: 'security.sigma.bad-rule',
      severity: 'critical' as const,
      state: 'happened' as const,
    })
    for (let wave = 0; wave < 6; wave += 1) await signals(...Array.from({ length: 8 }, (_, index) => hit(8 * wave + index)))
    await room.time.advance(minutes(45))
    expect(await over('storm')).toMatchObject({ gathering: 'over' })
    expect(await room.desk.children({ ...(await on('storm')), act: 'raise', note: 'look at each' })).toMatchObject({ kind: 'done' })
    await room.time.advance(minutes(30))
    expect(await isAsItWas()).toBeGreaterThanOrEqual(49)
  })

  it('of a machine that is too loud: what joined, what cleared, all of it ended', async () => {
    const full = (nth: number, state: 'raised' | 'cleared' = 'raised') =>
      ({ endpointId: 'srv', kind: 'health.disk.full', severity: 'medium', fingerprint: `disk:${nth}`, state }) as const
    await signals(...Array.from({ length: 24 }, (_, nth) => full(nth)))
    await signals(full(3, 'cleared'), full(22, 'cleared'))
    await room.time.advance(minutes(10))
    const close = { ...(await on('endpoint')), act: 'close' as const, resolution: 'fixed' as const, note: 'a loose cable' }
    expect(await room.desk.children(close)).toMatchObject({ kind: 'done' })
    await room.time.advance(minutes(5))
    expect(await isAsItWas()).toBe(21)
  })

  it('and incidents name their problem', async () => {
    const crash = { endpointId: 'srv', kind: 'health.crash', severity: 'medium', state: 'happened' } as const
    const look = createRecurring({
      store: room.store,
      rules: room.matrices.rules,
      turns: createTurns(room.store.db),
      onRaised: () => room.pipeline.nudge(false),
    })
    for (let time = 0; time < 3; time += 1) {
      await signals(crash)
      const ticket = await room.store.db.selectFrom('tickets').selectAll().where('kind', '=', crash.kind).executeTakeFirstOrThrow()
      await room.desk.resolve({ ticketId: ticket.id, version: ticket.version, person: eve, resolution: 'fixed', note: 'again' })
      await room.time.advance(hours(7))
    }
    await look(room.time.now())
    await room.pipeline.idle()
    await look(room.time.now())
    const linked = await room.store.db.selectFrom('tickets').select('id').where('problem_id', 'is not', null).execute()
    expect(linked).toHaveLength(1)
    expect(await isAsItWas()).toBe(2)
  })
})
