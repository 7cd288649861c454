import { readFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { hours, minutes, seconds } from '#shared/domain/time.ts'
import { type Figures, summed } from '../../../server/figures/figures.ts'
import { readRules } from '../../../server/pipeline/keep.ts'
import { runSimulation } from '../../../server/rehearsal/simulation.ts'
import { parseMatrix } from '../../../server/route/matrix.ts'
import type { Crew, Load } from '../../../server/simulate/load.ts'
import { defaultMatrix, matrixFile } from '../../support/desk-room.ts'
import { crewOf, loadWith } from './described.ts'

const rules = readRules(await defaultMatrix())
const run = (load: Load, crews: Crew[], days = 5, seed = 1, by = rules) => runSimulation({ rules: by, load, crews, seed, days })
const figures = (load: Load, crews: Crew[], days = 5): Figures => summed(run(load, crews, days).facts)

const office = { days: ['mon', 'tue', 'wed', 'thu', 'fri'], from: '08:00', to: '18:00' } as const
const nights = [...Array.from({ length: 8 }, () => 1), ...Array.from({ length: 10 }, () => 0), ...Array.from({ length: 6 }, () => 1)]

it('gives the same run for the same seed, and another for another', () => {
  const load = loadWith({
    perDay: 60,
    mix: [{ needs: { tier1: 3, tier2: 1 } }, { from: 'person' }],
    work: { tier1: minutes(10), tier2: hours(1) },
  })
  const crews = [crewOf('tier1', 1), crewOf('tier2', 1)]
  const [first, again, other] = [1, 1, 2].map((seed) => JSON.stringify(run(load, crews, 5, seed).facts))
  expect(again).toBe(first)
  expect(other).not.toBe(first)
})

it('lets two staffings meet the very same tickets', () => {
  const load = loadWith({ perDay: 40, mix: [{ from: 'person', needs: { tier1: 1, tier3: 1 } }], work: { tier1: minutes(10) } })
  const opened = (crews: Crew[]) =>
    run(load, crews).facts.flatMap(({ kind, at, organisationId }) => (kind === 'opened' ? `${at} ${organisationId}` : []))
  expect(opened([crewOf('tier1', 1)])).toEqual(expect.arrayContaining(opened([crewOf('tier1', 9)])))
})

it('counts nobody where nobody is: every promise that came due is broken', () => {
  const { opened, resolved, response, promises } = figures(loadWith({ perDay: 20, mix: [{ from: 'person' }] }), [])
  expect(opened).toBeGreaterThan(60)
  expect([resolved, response.count, promises.kept]).toEqual([0, 0, 0])
  expect(promises.broken).toBeGreaterThan(0)
})

it('moves what takes longer than its box, by the matrix, and what its people know they cannot solve, by them', () => {
  const mix = [{ from: 'person' as const, urgency: 'medium' as const, needs: { tier1: 1, tier2: 1 } }]
  const load = loadWith({ perDay: 48, mix, work: { tier1: minutes(5), tier2: minutes(5) } })
  const { escalations, solvedInTier1 } = figures(load, [crewOf('tier1', 3, office), crewOf('tier2', 3, office)], 14)
  // Half of them need tier2. Of exponential work with a mean of 5 minutes 5 % takes longer than 15.
  expect(escalations.expertise).toBeGreaterThan(5 * (escalations['time-box'] ?? 0))
  expect(escalations['time-box']).toBeGreaterThan(0)
  expect(solvedInTier1.share).toBeGreaterThan(0.4)
  expect(solvedInTier1.share).toBeLessThan(0.55)
})

it('lets the same people on both sides keep what is theirs', () => {
  const load = loadWith({ perDay: 48, mix: [{ from: 'person' }], work: { tier1: minutes(30) } })
  const everybody = crewOf(['tier1', 'tier2', 'tier3'], 5, office)
  expect(figures(load, [everybody]).escalations).toEqual({})
  expect(figures(load, [crewOf('tier1', 5, office), crewOf('tier2', 1, office)]).escalations['time-box']).toBeGreaterThan(0)
})

it('lets a shift work in its hours, and those on call take only what pages, while nobody else is there', () => {
  const mix = [{ kind: 'presence.silent', severity: 'high' as const, role: 'core' as const }, { from: 'person' as const }]
  const fleet = { organisations: 4, workstations: 40, servers: 8, core: 4, plan: 'round-the-clock', mode: 'live' as const }
  const load = loadWith({ perDay: 40, mix, fleet, byHour: nights, work: { tier1: minutes(5), tier3: minutes(5) } })
  const day = [crewOf('tier1', 5, office), crewOf('tier3', 5, office)]
  const watched = run(load, [...day, crewOf(['tier1', 'tier3'], 3, { onCall: true })])
  const within = ({ facts }: typeof watched, team: string) =>
    facts.flatMap((fact) => (fact.kind === 'response' && fact.team === team ? fact.ms : [])).toSorted((a, b) => a - b)
  expect(within(watched, 'tier3').at(-1)).toBeLessThan(hours(1))
  expect(within(run(load, day), 'tier3').at(-1)).toBeGreaterThan(hours(8))
  expect(within(watched, 'tier1')[0]).toBeGreaterThan(minutes(1))
})

it('stops the clocks while the customer is asked', () => {
  const waits = { share: 1, mean: hours(100) }
  const { facts } = run(loadWith({ perDay: 10, mix: [{ from: 'person', waits }], work: { tier1: minutes(5) } }), [crewOf('tier1', 5)], 20)
  expect(summed(facts).promises.broken).toBe(0)
  expect(summed(facts).sameDay.share).toBeLessThan(0.5)
})

it('closes what clears by itself before anybody came', () => {
  const mix = [{ clears: { share: 1, mean: minutes(1) } }]
  const { facts, otherSignals } = run(loadWith({ perDay: 40, mix }), [crewOf('tier1', 1, { from: '08:00', to: '09:00' })])
  const { opened, resolved, response } = summed(facts)
  expect(otherSignals).toBeGreaterThan(100)
  expect(resolved).toBeGreaterThan(opened - 5)
  expect(response.count).toBeLessThan(opened / 4)
})

it('makes one ticket of a storm of 5,000 alerts, which people work on once, and isolates nothing more in it', () => {
  const storm = {
    ...{ at: '2026-11-24T10:00', alerts: 5_000, within: minutes(10), organisations: 4, machines: 50, summary: 'One bad rule' },
    ...{ kind: 'security.ransomware.canary', severity: 'critical' as const, facts: { change: 'unreadable' } },
  }
  const load = (storms: Load['storms']) => loadWith({ perDay: 10, mix: [{ from: 'person' }], storms, work: { tier3: hours(2) } })
  const crews = [crewOf('security', 2), crewOf('admin', 1)]
  const [calm, stormy] = [run(load([]), crews), run(load([storm]), crews)]
  const [before, after] = [summed(calm.facts), summed(stormy.facts)]
  // The storm, and what was in somebody's hands before it was one.
  expect(after.opened - before.opened).toBeGreaterThan(0)
  expect(after.opened - before.opened).toBeLessThanOrEqual(4)
  expect(stormy.under).toBeGreaterThan(30)
  expect(stormy.under).toBeLessThanOrEqual(54)
  expect(stormy.isolated).toBeLessThanOrEqual(10)
  expect(JSON.stringify(run(load([storm]), crews).facts)).toBe(JSON.stringify(stormy.facts))
})

it('shows by two matrices what boxes that run from arrival cost', async () => {
  const yaml = (await readFile(matrixFile, 'utf8')).replace(
    'P3: { box: 15m, from: work, to: tier2 }',
    'P3: { box: 15m, from: arrival, to: tier2 }',
  )
  const parsed = parseMatrix(yaml)
  if (parsed.kind === 'bad') throw new Error(JSON.stringify(parsed.problems))
  const load = loadWith({
    perDay: 150,
    mix: [{ from: 'person', urgency: 'high' }],
    work: { tier1: minutes(10), tier2: minutes(10) },
    notices: seconds(20),
  })
  const crews = [crewOf('tier1', 2, office), crewOf('tier2', 4, office)]
  const moved = (by: typeof rules) => summed(run(load, crews, 5, 1, by).facts).escalations['time-box'] ?? 0
  expect(moved(readRules(parsed.matrix))).toBeGreaterThan(1.5 * moved(rules))
})
