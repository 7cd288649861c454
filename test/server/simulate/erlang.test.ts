import { readFile } from 'node:fs/promises'
import { describe, expect, it, vi } from 'vitest'
import { minutes } from '#shared/domain/time.ts'
import { readRules } from '../../../server/pipeline/keep.ts'
import { runSimulation } from '../../../server/rehearsal/simulation.ts'
import { parseMatrix } from '../../../server/route/matrix.ts'
import { matrixFile } from '../../support/desk-room.ts'
import { crewOf, loadWith } from './described.ts'

/*
 * One class, Poisson arrivals, c people who work exponentially long: the one queue that has a formula (Erlang 1917). What is
 * simulated, by the functions that decide on a collector, must wait as long as that.
 */
vi.setConfig({ testTimeout: 120_000 })

const meanWork = minutes(10)
const seeds = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]
/** Student's t for 11 degrees of freedom, two-sided 99 %. */
const t99 = 3.106
const ticketsARun = 1_500

/** The mean wait in a queue of `servers` people at `load` erlangs, in milliseconds. */
function erlangC(servers: number, load: number): number {
  let term = 1
  let below = 0
  for (let k = 0; k < servers; k += 1) {
    below += term
    term *= load / (k + 1)
  }
  const waiting = (term * servers) / (servers - load)
  return (waiting / (below + waiting)) * (meanWork / (servers - load))
}

/** One class: all of it is P4 of tier1, day and night, and nothing moves it. */
const yaml = (await readFile(matrixFile, 'utf8'))
  .replace(/^ {2}office: .*$/m, '  office: always')
  .replace('P4: { box: 15m, from: work, to: tier2 }', 'P4: { box: 15m, from: work, to: stays }')
const parsed = parseMatrix(yaml)
if (parsed.kind === 'bad') throw new Error(JSON.stringify(parsed.problems))
const rules = readRules(parsed.matrix)

function meanWait(people: number, busy: number, seed: number): number {
  const perDay = (people * busy * minutes(24 * 60)) / meanWork
  const days = Math.ceil(ticketsARun / perDay)
  const load = loadWith({ perDay, mix: [{ from: 'person', urgency: 'low' }], work: { tier1: meanWork } })
  const { facts, from, until } = runSimulation({ rules, load, crews: [crewOf('tier1', people)], seed, days })
  // A desk opens without a queue: what comes in its first tenth waits less.
  const steady = facts.flatMap((fact) => (fact.kind === 'response' && fact.at > from + (until - from) / 10 ? fact.ms : []))
  return steady.reduce((sum, ms) => sum + ms, 0) / steady.length
}

describe('a queue with one class, Poisson arrivals and c people', () => {
  it.each([
    [1, 0.6],
    [3, 0.7],
    [8, 0.75],
  ])('of %i people who are busy %f of their time waits as Erlang C says', (people, busy) => {
    const means = seeds.map((seed) => meanWait(people, busy, seed))
    const mean = means.reduce((sum, each) => sum + each, 0) / means.length
    const variance = means.reduce((sum, each) => sum + (each - mean) ** 2, 0) / (means.length - 1)
    const half = t99 * Math.sqrt(variance / means.length)
    const expected = erlangC(people, people * busy)
    expect(Math.abs(mean - expected)).toBeLessThan(half)
    // An interval that holds everything would show nothing.
    expect(half).toBeLessThan(0.35 * expected)
  })
})
